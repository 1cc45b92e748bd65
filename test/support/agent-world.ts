/**
 * One host for tests of the reconciler: a fake engine and ingress, a state directory on the disk, and processes of the
 * agent that can be killed at any engine call or fault point and started again. Real time, in milliseconds.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AssignmentEntry, Prefetch, RunEntry } from '../../fleet/assignment.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { AppName, InstanceId } from '../../fleet/ids.ts';
import type { AppReport } from '../../fleet/report.ts';
import { systemClock } from '../../agent/clock.ts';
import type { AppFiles } from '../../agent/reconcile/app-files.ts';
import { type AssignOutcome, Reconciler } from '../../agent/reconcile/reconciler.ts';
import { digest, hostId } from './app-builders.ts';
import type { FakeBehaviour } from './fake-container.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeEngineSession } from './fake-engine-session.ts';
import { FakeIngress } from './fake-ingress.ts';
import { withResolvers } from './with-resolvers.ts';

export interface AgentWorldOptions {
  readonly ingress?: boolean;
  readonly policy?: (entry: RunEntry) => Problem | null;
  readonly files?: AppFiles;
}

export interface WorldEvent {
  readonly event: string;
  readonly app: AppName | null;
  readonly text: string;
}

const NO_FILES: AppFiles = {
  ensure: async () => ({ kind: 'ready', mounts: {}, environment: {} }),
  prune: async () => undefined,
};

export class AgentWorld {
  readonly host = hostId(1);
  readonly engine = new FakeEngine({ now: () => Date.now() });
  readonly events: WorldEvent[] = [];
  readonly ingress: FakeIngress | null;
  /** What a status line was last made of: it is made when the reconciler says that something changed. */
  lastSaid: string | null = null;
  readonly stateDir: string;
  /** Every fault point that any process of this world came to. */
  readonly faultPoints = new Set<string>();
  readonly #options: AgentWorldOptions;
  readonly #settling: NodeJS.Timeout;
  #process: AgentProcess | null = null;
  /** What further assignments say is to be downloaded ahead. */
  prefetch: readonly Prefetch[] = [];
  #generation = 0;
  #instances = 0;

  private constructor(stateDir: string, options: AgentWorldOptions) {
    this.stateDir = stateDir;
    this.#options = options;
    this.ingress = options.ingress === true ? new FakeIngress() : null;
    this.#settling = setInterval(() => this.engine.settle(), 3);
  }

  static async make(options: AgentWorldOptions = {}): Promise<AgentWorld> {
    return new AgentWorld(await mkdtemp(path.join(tmpdir(), 'longshore-agent-')), options);
  }

  /** Images of these letters can be pulled. */
  offer(letters: string, behaviour: Partial<FakeBehaviour> = {}): void {
    for (const letter of letters) this.engine.offerImage(digest(letter), behaviour);
  }

  get process(): AgentProcess {
    if (this.#process === null) throw new Error('no agent runs: call start() first');
    return this.#process;
  }

  /** @param dieAt name of the fault point (`after:create`) at which this process is killed */
  async start(dieAt: string | null = null): Promise<AgentProcess> {
    const session = new FakeEngineSession(this.engine, this.host);
    const stop = new AbortController();
    const died = withResolvers<undefined>();
    const { policy = () => null, files = NO_FILES } = this.#options;
    const reconciler = await Reconciler.open({
      engine: session,
      ingress: this.ingress,
      files,
      stateDir: this.stateDir,
      host: this.host,
      subnetPool: '10.213.0.0/16',
      clock: systemClock,
      cores: 2,
      random: () => 0.5,
      mask: (text) => text,
      newInstanceId: () => {
        this.#instances += 1;
        return `i-${this.#instances.toString(16).padStart(12, '0')}` as InstanceId;
      },
      policy,
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      onReport: () => {
        const process = this.#process?.reconciler;
        this.lastSaid = process === undefined ? null : process.isConverged() ? 'converged' : process.waiting();
      },
      onEvent: (event, app, text) => this.events.push({ event, app, text }),
      faultPoint: (name) => {
        this.faultPoints.add(name);
        if (name !== dieAt) return;
        session.lose();
        died.resolve(undefined);
        stop.abort();
        // As SIGKILL: nothing of this action happens any more.
        throw new Error(`killed at ${name}`);
      },
    });
    const running = reconciler.run(stop.signal);
    this.#process = { reconciler, session, stop, running, died: died.promise };
    return this.#process;
  }

  /** The process is gone at once; nothing it was doing has an effect any more. */
  kill(): void {
    this.process.session.lose();
    this.process.stop.abort();
    this.#process = null;
  }

  /** After a process was lost: what it was writing has reached the disk or has not. */
  async diskAtRest(): Promise<void> {
    let before = '';
    for (let quiet = 0; quiet < 3;) {
      const now = await this.#listing();
      quiet = now === before && !now.includes('.new') ? quiet + 1 : 0;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }

  async #listing(): Promise<string> {
    const names = await readdir(this.stateDir, { recursive: true });
    const files = await Promise.all(
      names.map(async (name) => {
        const found = await stat(path.join(this.stateDir, name)).catch(() => null);
        return found === null ? `${name}.new` : `${name}:${found.mtimeMs}`;
      }),
    );
    return files.sort().join();
  }

  async assign(...entries: readonly AssignmentEntry[]): Promise<AssignOutcome> {
    this.#generation += 1;
    const { prefetch } = this;
    const assignment = { host: this.host, epoch: 1, generation: this.#generation, entries, prefetch };
    return this.process.reconciler.assign(assignment, `hash-${this.#generation}`);
  }

  report(app = 'web'): AppReport | undefined {
    return this.process.reconciler.reports()[app];
  }

  isConverged(): boolean {
    return this.process.reconciler.isConverged();
  }

  /** Versions (letters) of the service that run now. */
  running(service = 'web', app = 'web'): string {
    return this.engine
      .containersOf(this.host)
      .filter((each) => each.plan.app === app && each.plan.service.name === service && each.isRunning(Date.now()))
      .map((each) => each.plan.service.hash[3] ?? '?')
      .sort()
      .join('');
  }

  /** Versions of all containers of the host, running or not. */
  containers(): string {
    return this.engine
      .containersOf(this.host)
      .map((each) => each.plan.service.hash[3] ?? '?')
      .sort()
      .join('');
  }

  async until(condition: () => boolean, what: string, limitMs = 20_000): Promise<void> {
    const endMs = performance.now() + limitMs;
    while (!condition()) {
      if (performance.now() > endMs) throw new Error(`not so after ${limitMs} ms: ${what}; ${this.#describe()}`);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }

  untilConverged(): Promise<void> {
    return this.until(() => this.isConverged(), 'converged');
  }

  async close(): Promise<void> {
    clearInterval(this.#settling);
    const ending = this.#process;
    if (ending !== null) {
      ending.stop.abort();
      await Promise.race([ending.running, ending.session.lost]);
    }
    await rm(this.stateDir, { recursive: true, force: true });
  }

  #describe(): string {
    const reports = Object.values(this.#process?.reconciler.reports() ?? {});
    return JSON.stringify({
      reports: reports.map(({ app, attempt, converged, waiting }) => ({ app, attempt, converged, waiting })),
      containers: this.engine
        .containersOf(this.host)
        .map((each) => `${each.plan.instance} ${each.plan.service.hash[3] ?? ''} ${each.state(Date.now())}`),
      events: this.events,
    });
  }
}

export interface AgentProcess {
  readonly reconciler: Reconciler;
  readonly session: FakeEngineSession;
  readonly stop: AbortController;
  readonly running: Promise<void>;
  /** Resolves when it came to the fault point that kills it. */
  readonly died: Promise<undefined>;
}
