/**
 * An agent without an engine: it speaks the real protocol over a real socket and does at each attempt what its script
 * says. It holds what a real one would have on its disk (the newest order), so a reconnect behaves alike.
 *
 *   const agent = new FakeAgent({ url, host, identity, decide: () => 'pass' });
 *   await agent.connect();
 *   await agent.waitFor('assignment');
 */
import { WebSocket } from 'ws';
import { compareOrder } from '../../fleet/assignment.ts';
import type { Assignment, RunEntry } from '../../fleet/assignment.ts';
import type { Problem } from '../../fleet/errors.ts';
import { problem } from '../../fleet/errors.ts';
import type { HostId, InstanceId } from '../../fleet/ids.ts';
import type { AppReport, AttemptReport, InstanceReport } from '../../fleet/report.ts';
import { helloProof } from '../../protocol/agent-messages.ts';
import type {
  AgentMessage,
  AgentMessageOf,
  CoordinatorMessage,
  CoordinatorMessageOf,
} from '../../protocol/agent-messages.ts';
import { decodeCoordinatorMessage } from '../../protocol/codec.ts';
import { AGENT_SOCKET_PATH, CAPABILITIES, PROTOCOL } from '../../protocol/version.ts';
import type { FakeIdentity } from './fake-identity.ts';

/** How an attempt ends on this host. `hang` answers `gating` and nothing more. */
export type Verdict = 'pass' | 'fail' | 'hang' | { readonly fail: Problem; readonly service: string | null };

export interface FakeAgentOptions {
  /** `ws://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  readonly host: HostId;
  readonly identity: FakeIdentity;
  readonly process?: string;
  readonly decide?: (entry: RunEntry, agent: FakeAgent) => Verdict | Promise<Verdict>;
  /** Why it does not take an assignment; null = it does. */
  readonly obstacle?: (assignment: Assignment) => Problem | null;
  /** Changes the hello before it is sent: a wrong signature, another version. */
  /** Null: it says nothing. */
  readonly hello?: (hello: AgentMessageOf<'hello'>) => AgentMessageOf<'hello'> | null;
  /** Messages beyond assignments, secrets and heartbeats (streams, resolve). */
  readonly onMessage?: (message: CoordinatorMessage, agent: FakeAgent) => void;
  /** False: assignments are received, and neither acked nor acted upon. */
  readonly acts?: boolean;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export class FakeAgent {
  readonly #options: FakeAgentOptions;
  #socket: WebSocket | null = null;
  #seq = 0;
  #waiters: (() => void)[] = [];
  #apps: Record<string, AppReport> = {};
  #order = { epoch: 0, generation: 0, hash: '' };
  /** Every message of this connection, oldest first. */
  received: CoordinatorMessage[] = [];
  assignment: Assignment | null = null;
  closed: Closed | null = null;
  /** Attempts begun, in order, over all connections. */
  readonly attempts: RunEntry[] = [];

  constructor(options: FakeAgentOptions) {
    this.#options = options;
  }

  get host(): HostId {
    return this.#options.host;
  }

  get apps(): Readonly<Record<string, AppReport>> {
    return this.#apps;
  }

  get connected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN && this.received.some((message) => message.kind === 'welcome');
  }

  /** Resolves with the welcome; rejects with the reason when the connection ends before it. */
  async connect(url?: string): Promise<CoordinatorMessageOf<'welcome'>> {
    await this.dial(url);
    const first = await this.waitFor((message) => message.kind === 'welcome' || message.kind === 'refused');
    if (first.kind !== 'welcome') throw new Error(first.kind === 'refused' ? first.problem.code : first.kind);
    return first;
  }

  /** Opens the socket and answers the challenge, and waits for nothing. @param url of another coordinator */
  async dial(url = this.#options.url): Promise<void> {
    const socket = new WebSocket(new URL(AGENT_SOCKET_PATH, url), { perMessageDeflate: false });
    this.#socket = socket;
    this.#seq = 0;
    this.received = [];
    this.closed = null;
    socket.on('message', (data: Buffer) => void this.#take(socket, data.toString('utf8')));
    socket.on('close', (code, reason) => {
      if (this.#socket === socket) this.closed = { code, reason: reason.toString('utf8') };
      this.#wake();
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
      socket.on('error', () => undefined);
    });
  }

  send(message: AgentMessage): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#socket?.send(text);
  }

  /** A clean end, awaited. */
  async close(): Promise<void> {
    this.#socket?.close(1000);
    await this.waitClosed();
  }

  /** The network is gone: no close frame. */
  terminate(): void {
    this.#socket?.terminate();
  }

  /** The newest message of that kind of this connection, or the next to come. */
  async waitFor<K extends CoordinatorMessage['kind']>(kind: K): Promise<CoordinatorMessageOf<K>>;
  async waitFor(matches: (message: CoordinatorMessage) => boolean): Promise<CoordinatorMessage>;
  async waitFor(wanted: string | ((message: CoordinatorMessage) => boolean)): Promise<CoordinatorMessage> {
    const matches = typeof wanted === 'string' ? (message: CoordinatorMessage) => message.kind === wanted : wanted;
    return this.#until(() => this.received.findLast(matches) ?? null, `no message ${String(wanted)}`);
  }

  async waitClosed(): Promise<Closed> {
    for (;;) {
      if (this.closed !== null) return this.closed;
      await this.#change();
    }
  }

  /** Resolves once the app has this release committed here. */
  async waitForRelease(app: string, release: number): Promise<void> {
    await this.#until(() => (this.#apps[app]?.release === release ? true : null), `${app} is not at ${release}`);
  }

  /** Changes what is reported of an app, and reports it. Null = the app is gone. */
  setApp(app: string, report: AppReport | null): void {
    if (report === null) this.#apps = Object.fromEntries(Object.entries(this.#apps).filter(([name]) => name !== app));
    else this.#apps = { ...this.#apps, [app]: report };
    this.#report(false, [app]);
  }

  /** Ends an attempt that hangs. */
  finish(entry: RunEntry, verdict: 'pass' | 'fail'): void {
    this.#conclude(entry, verdict);
  }

  async #take(socket: WebSocket, text: string): Promise<void> {
    const decoded = decodeCoordinatorMessage(text);
    if (decoded.kind !== 'message') throw new Error(`fake agent got a frame it cannot read: ${text.slice(0, 200)}`);
    if (this.#socket !== socket) return;
    const { message } = decoded;
    this.received.push(message);
    if (message.kind === 'challenge') this.#answer(message);
    // Here and not when `connect` goes on: an assignment right behind the welcome would be reported on before it.
    if (message.kind === 'welcome') this.#report(true);
    if (message.kind === 'assignment' && this.#options.acts !== false) await this.#assigned(message);
    this.#options.onMessage?.(message, this);
    this.#wake();
  }

  #answer(challenge: CoordinatorMessageOf<'challenge'>): void {
    const { host, identity } = this.#options;
    const process = this.#options.process ?? `process-of-${host}`;
    const hello: AgentMessageOf<'hello'> = {
      kind: 'hello',
      host,
      signature: identity.sign(helloProof({ audience: challenge.audience, nonce: challenge.nonce, host, process })),
      process,
      protocol: PROTOCOL,
      capabilities: [...CAPABILITIES],
      agentVersion: '0.0.0-fake',
      platform: 'linux/amd64',
      engineVersion: 'fake',
      order: this.#order,
      secrets: {},
      registries: [],
      labels: {},
      ingress: null,
    };
    const said = this.#options.hello === undefined ? hello : this.#options.hello(hello);
    if (said !== null) this.send(said);
  }

  async #assigned({ assignment, hash }: CoordinatorMessageOf<'assignment'>): Promise<void> {
    if (compareOrder(assignment, this.#order) <= 0 && this.#order.hash !== '') return;
    const obstacle = this.#options.obstacle?.(assignment) ?? null;
    if (obstacle !== null) {
      const { epoch, generation } = assignment;
      this.send({ kind: 'assignment-refused', epoch, generation, problem: obstacle });
      return;
    }
    this.assignment = assignment;
    this.#order = { epoch: assignment.epoch, generation: assignment.generation, hash };
    this.send({ kind: 'assignment-ack', epoch: assignment.epoch, generation: assignment.generation, hash });
    for (const entry of assignment.entries) {
      if (entry.kind === 'remove') this.#removed(entry.app);
      else if (this.#isNew(entry)) await this.#begin(entry);
    }
  }

  #isNew(entry: RunEntry): boolean {
    const { attempt } = this.#apps[entry.app] ?? {};
    return !(attempt?.deployment === entry.deployment && attempt.attempt === entry.attempt);
  }

  async #begin(entry: RunEntry): Promise<void> {
    this.attempts.push(entry);
    const before = this.#apps[entry.app];
    this.setApp(
      entry.app,
      this.#appReport(entry, { state: 'gating' }, before?.release ?? null, before?.instances ?? []),
    );
    const verdict = (await this.#options.decide?.(entry, this)) ?? 'pass';
    if (verdict !== 'hang') this.#conclude(entry, verdict);
  }

  #conclude(entry: RunEntry, verdict: Exclude<Verdict, 'hang'>): void {
    const before = this.#apps[entry.app];
    if (verdict === 'pass') {
      this.setApp(entry.app, this.#appReport(entry, { state: 'passed' }, entry.release, instancesOf(entry)));
      return;
    }
    const service = Object.keys(entry.spec.services)[0] ?? null;
    const failed =
      verdict === 'fail'
        ? { fail: problem('NEVER_HEALTHY', `gate of ${entry.app} on ${this.host}`), service }
        : verdict;
    const attempt = { state: 'failed', problem: failed.fail, failedService: failed.service } as const;
    this.setApp(entry.app, this.#appReport(entry, attempt, before?.release ?? null, before?.instances ?? []));
  }

  #appReport(
    entry: RunEntry,
    attempt: Partial<AttemptReport>,
    release: number | null,
    instances: readonly InstanceReport[],
  ): AppReport {
    return {
      app: entry.app,
      release,
      attempt: {
        deployment: entry.deployment,
        release: entry.release,
        attempt: entry.attempt,
        state: 'accepted',
        problem: null,
        failedService: null,
        nextRetryAt: null,
        ...attempt,
      },
      instances,
      converged: attempt.state === 'passed',
      waiting: attempt.state === 'passed' ? null : `attempt ${entry.attempt} is ${String(attempt.state)}`,
      proposal: null,
      unclaimed: false,
      removed: false,
    };
  }

  #removed(app: RunEntry['app']): void {
    const gone = { release: null, attempt: null, instances: [], waiting: null, proposal: null };
    this.setApp(app, { app, ...gone, converged: true, unclaimed: false, removed: true });
  }

  #report(full: boolean, changed: readonly string[] = []): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#seq += 1;
    const apps = full ? this.#apps : Object.fromEntries(changed.map((app) => [app, this.#apps[app] ?? null]));
    this.send({ kind: 'report', seq: this.#seq, full, apps, metrics: null, status: 'fake' });
    this.#wake();
  }

  async #until<T>(found: () => T | null, missing: string): Promise<T> {
    for (;;) {
      const value = found();
      if (value !== null) return value;
      if (this.closed !== null) throw new Error(`${missing}: closed with ${this.closed.code} ${this.closed.reason}`);
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}

function instancesOf(entry: RunEntry): InstanceReport[] {
  return Object.entries(entry.replicas).flatMap(([service, count]) =>
    Array.from({ length: count }, (_, index): InstanceReport => {
      const hash = entry.hashes[service];
      if (hash === undefined) throw new Error(`no hash for ${service}`);
      const serial = `${entry.attempt}${index}`.padStart(6, '0').slice(-6);
      const id = `i-${hash.slice(3, 9)}${serial}` as InstanceId;
      return {
        id,
        service,
        replica: index + 1,
        hash,
        release: entry.release,
        state: 'healthy',
        routed: true,
        restarts: 0,
        startedAt: 0,
        detail: null,
      };
    }),
  );
}
