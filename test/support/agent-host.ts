/** A host of the real engine whose agent is killed and started again: spawns the harness, and looks at Docker itself. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { AssignmentEntry } from '../../fleet/assignment.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { AppReport } from '../../fleet/report.ts';
import type { HarnessLine, HarnessLook, HarnessOrder, HarnessSetup } from './agent-harness.ts';
import { removeLabelled } from './engine-cleanup.ts';
import { aHostId } from './engine-scenes.ts';
import type { TestEngine } from './engine.ts';
import { testSubnet } from './test-subnet.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One file that starts at once; started through tsx, the harness would take longer than what it is killed in. */
export async function bundledHarness(): Promise<string> {
  const outfile = path.join(ROOT, '.cache/tests', `agent-harness-${process.pid}.mjs`);
  const entryPoints = [path.join(ROOT, 'test/support/agent-harness.ts')];
  await build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}

export interface SeenContainer {
  readonly service: string;
  readonly hash: string;
  readonly state: string;
  readonly restart: string;
}

export class AgentHost {
  readonly host: HostId = aHostId();
  readonly #engine: TestEngine;
  readonly #harness: string;
  readonly #stateDir: string;
  readonly #pool = testSubnet();
  readonly points: string[] = [];
  /** The newest that `look` brought. */
  reports: Readonly<Record<string, AppReport>> = {};
  #looks = 0;
  #onLook: (look: HarnessLook | null) => void = () => undefined;
  #child: ChildProcess | null = null;
  #generation = 0;
  #output: string[] = [];

  private constructor(engine: TestEngine, harness: string, stateDir: string) {
    this.#engine = engine;
    this.#harness = harness;
    this.#stateDir = stateDir;
  }

  static async make(engine: TestEngine, harness: string): Promise<AgentHost> {
    return new AgentHost(engine, harness, await mkdtemp(path.join(tmpdir(), 'longshore-kill-')));
  }

  async start(): Promise<void> {
    const setup: HarnessSetup = { host: this.host, stateDir: this.#stateDir, subnetPool: this.#pool };
    const child = spawn(process.execPath, [this.#harness, JSON.stringify(setup)], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    this.reports = {};
    this.points.length = 0;
    child.stderr.on('data', (data: Buffer) => this.#output.push(data.toString()));
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => {
        reject(new Error(`the agent ended before it was ready: ${this.#output.join('')}`));
        this.#onLook(null);
      });
      // What is said to one that has died meanwhile is lost.
      child.stdin.on('error', () => undefined);
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as HarnessLine;
        if (line.kind === 'ready') resolve();
        if (line.kind === 'point') this.points.push(line.name);
        if (line.kind === 'look') this.#onLook(line);
      });
    });
  }

  assign(entries: readonly AssignmentEntry[], dieAt: string | null = null): void {
    this.#generation += 1;
    const assignment = { host: this.host, epoch: 1, generation: this.#generation, entries };
    this.#say({ kind: 'assign', assignment, dieAt });
  }

  /** The agent has killed itself at its fault point. */
  get isDead(): boolean {
    return this.#child === null || this.#child.signalCode !== null;
  }

  /** What the agent itself says now; null where it has died. One at a time. */
  async look(): Promise<HarnessLook | null> {
    if (this.isDead) return null;
    this.#looks += 1;
    const number = this.#looks;
    const look = await new Promise<HarnessLook | null>((resolve) => {
      this.#onLook = (found) => {
        if (found === null || found.number === number) resolve(found);
      };
      this.#say({ kind: 'look', number });
    });
    this.reports = look?.apps ?? {};
    return look;
  }

  #say(order: HarnessOrder): void {
    this.#child?.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Looks past the agent: what Docker itself says. */
  async containers(): Promise<readonly SeenContainer[]> {
    const { docker } = this.#engine;
    const listed = await docker.listContainers({ all: true, filters: { label: [`longshore.host=${this.host}`] } });
    const seen = await Promise.all(
      listed.map(async ({ Id: id }): Promise<SeenContainer | null> => {
        const found = await docker
          .getContainer(id)
          .inspect()
          .catch(() => null);
        if (found === null) return null;
        const labels = found.Config.Labels;
        return {
          service: labels['longshore.service'] ?? '',
          hash: (labels['longshore.hash'] ?? '').slice(3, 4),
          state: found.State.Status,
          restart: found.HostConfig.RestartPolicy?.Name ?? '',
        };
      }),
    );
    return seen.filter((each) => each !== null).sort((a, b) => a.service.localeCompare(b.service));
  }

  async networks(): Promise<number> {
    const found = await this.#engine.docker.listNetworks({ filters: { label: [`longshore.host=${this.host}`] } });
    return found.length;
  }

  /** Address of a slot in the first network of this host's pool. */
  address(index: number, slot: number): string {
    return this.#pool.replace(/0\/24$/, String(2 + 2 * index + slot));
  }

  async until(condition: () => Promise<boolean>, what: string, limitMs = 30_000): Promise<void> {
    const endMs = performance.now() + limitMs;
    while (!(await condition())) {
      if (performance.now() > endMs)
        throw new Error(
          `not so after ${limitMs} ms: ${what}; ${this.describe()}; ${JSON.stringify(await this.containers())}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  describe(): string {
    const reports = Object.values(this.reports).map(({ attempt, converged, waiting }) => ({
      attempt,
      converged,
      waiting,
    }));
    return `${JSON.stringify(reports)} points: ${this.points.join(' ')} ${this.#output.join('')}`;
  }

  async close(): Promise<void> {
    await this.stop();
    await removeLabelled(this.#engine.docker, `longshore.host=${this.host}`);
    const images = await this.#engine.docker.listImages({
      filters: { reference: [`longshore.local/${this.host}/*/*`] },
    });
    for (const name of images.flatMap((image) => image.RepoTags ?? []))
      if (name.includes(this.host)) await this.#engine.docker.getImage(name).remove();
    await rm(this.#stateDir, { recursive: true, force: true });
    await rm(this.#harness, { force: true });
  }
}

interface Ask {
  /** Whether anybody listens. */
  readonly answered: Promise<boolean>;
  /** Gives up a connection that is not made; one that is made is first taken in by the server. */
  end(): Promise<void>;
}

function ask(host: string, port: number): Ask {
  const socket = connect({ host, port });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const giveUp = (): void => {
    if (socket.connecting) socket.destroy();
  };
  // What came in while this process was held up is looked at first: it is no answer only where there is none then.
  socket.setTimeout(500, () => setImmediate(giveUp));
  socket.on('error', () => undefined);
  const answered = new Promise<boolean>((resolve) => {
    void closed.then(() => resolve(false));
    socket.once('connect', () => {
      resolve(true);
      // Only an answer shows that the server has taken the connection in.
      socket.write('GET / HTTP/1.0\r\n\r\n');
      socket.once('data', () => socket.destroy());
      socket.setTimeout(2_000, () => socket.destroy());
    });
  });
  const end = (): Promise<void> => {
    giveUp();
    return closed;
  };
  return { answered, end };
}

/** Asks both addresses of an instance again and again; counts the moments at which neither answered. */
export class ServiceWatch {
  readonly #addresses: readonly string[];
  readonly #port: number;
  readonly #running: Promise<void>;
  #isEnding = false;
  asked = 0;
  gaps = 0;

  constructor(addresses: readonly string[], port: number) {
    this.#addresses = addresses;
    this.#port = port;
    this.#running = this.#run();
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isEnding) {
      this.asked += 1;
      const asks = this.#addresses.map((address) => ask(address, this.#port));
      if (!(await isServed(asks))) this.gaps += 1;
      await new Promise((resolve) => setTimeout(resolve, 15));
      // A server that gets no processor time would fill its queue (busybox: 9), and the kernel drops who comes then: that
      // looks like nobody, though somebody listens. While a connection waits in the queue, its listener is there.
      await Promise.all(asks.map((each) => each.end()));
    }
  }
}

/** The first answer counts: an address that nobody holds takes its time to say so. */
function isServed(asks: readonly Ask[]): Promise<boolean> {
  const asked = asks.map(async ({ answered }) => {
    if (!(await answered)) throw new Error('no answer');
    return true;
  });
  return Promise.any(asked).catch(() => false);
}
