/**
 * Brings each connected host its newest assignment. Hosts that are named again while they wait are sent once; many are
 * asked of the store in one call. Nothing is queued a host: who is slow gets the newest when its turn comes, and
 * whatever the assignment needs of secrets and registry credentials goes before it.
 */
import type { Problem } from '../../fleet/errors.ts';
import { LongshoreError, problem } from '../../fleet/errors.ts';
import type { Order } from '../../fleet/assignment.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import { retryDelayMs, TRANSIENT } from '../../fleet/retry.ts';
import type { AgentMessageOf, CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import { FRAME_LIMIT_BYTES } from '../../protocol/version.ts';
import type { AssignmentRefusal, SealedPort } from '../ports.ts';
import type { OrderHeard } from '../store/records.ts';
import type { RestoreStore } from '../store/restore-store.ts';
import type { TargetStore } from '../store/store.ts';
import type { AgentConnection } from './agent-connection.ts';
import { fitAssignment, type FittedAssignment } from './fit-assignment.ts';
import { forAgent } from './for-agent.ts';

export interface AssignmentSenderOptions {
  readonly store: Pick<TargetStore, 'assignments'> & Pick<RestoreStore, 'restoreFound'>;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly random: () => number;
  readonly sealed: SealedPort;
  /** The open connection of a host; null = none. */
  readonly connection: (host: HostId) => AgentConnection | null;
  /** What the agent holds already is the newest: it counts as acked. */
  readonly onCurrent: (host: HostId, order: { readonly epoch: number; readonly generation: number }) => void;
  /** It cannot be sent; people have to look. */
  readonly onRefused: (host: HostId, refusal: AssignmentRefusal) => void;
  /** Secrets that its apps need and that were removed; without them those apps cannot start. */
  readonly onMissing: (host: HostId, secrets: readonly string[]) => void;
  readonly onFault: (error: unknown) => void;
}

const AT_ONCE = 100;
const RETRY_MS = 1_000;
const SECRETS_FRAME_BYTES = 1024 * 1024;
/** With room for what stands around it in its frame. */
const ASSIGNMENT_BYTES = FRAME_LIMIT_BYTES - 1024;

interface Request {
  readonly host: HostId;
  readonly heard: OrderHeard | null;
}

type Answer = Awaited<ReturnType<TargetStore['assignments']>>[number];

export class AssignmentSender {
  readonly #options: AssignmentSenderOptions;
  readonly #waiting = new Map<HostId, OrderHeard | null>();
  #running = false;
  #stopped = false;
  readonly #retries = new Set<NodeJS.Timeout>();
  /** Hosts whose agent could not take it, and may later. */
  readonly #again = new Map<HostId, NodeJS.Timeout>();

  constructor(options: AssignmentSenderOptions) {
    this.#options = options;
  }

  /** @param heard what hello said, for the first of a session */
  ask(host: HostId, heard: OrderHeard | null): void {
    // What hello said must reach the store even if somebody else asks for the same host before.
    this.#waiting.set(host, heard ?? this.#waiting.get(host) ?? null);
    if (!this.#running && !this.#stopped) void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of [...this.#retries, ...this.#again.values()]) clearTimeout(timer);
  }

  /** The newest as it is then, after a while that grows with each refusal. */
  askAgain(host: HostId, refusals: number): void {
    clearTimeout(this.#again.get(host));
    if (this.#stopped) return;
    const timer = setTimeout(
      () => {
        this.#again.delete(host);
        this.ask(host, null);
      },
      retryDelayMs(TRANSIENT, refusals - 1, this.#options.random()),
    );
    this.#again.set(host, timer);
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Everything that one turn of the loop names goes into one call.
    await Promise.resolve();
    while (this.#waiting.size > 0 && !this.#stopped) {
      const batch = [...this.#waiting].slice(0, AT_ONCE);
      for (const [host] of batch) this.#waiting.delete(host);
      const requests = batch
        .map(([host, heard]) => ({ host, heard }))
        .filter(({ host }) => this.#options.connection(host) !== null);
      if (requests.length === 0) continue;
      await this.#send(requests);
    }
    this.#running = false;
  }

  /** One host whose values cannot be had does not keep the others from theirs. */
  async #send(requests: readonly Request[]): Promise<void> {
    try {
      const answers = await this.#options.store.assignments({ requests });
      const sent = answers.map(async (answer) => {
        const request = requests.find(({ host }) => host === answer.host) ?? { host: answer.host, heard: null };
        try {
          await this.#deliver(answer, request.heard);
        } catch (error) {
          this.#later([request], error);
        }
      });
      await Promise.all(sent);
    } catch (error) {
      this.#later(requests, error);
    }
  }

  #later(requests: readonly Request[], error: unknown): void {
    this.#options.onFault(error);
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      for (const { host, heard } of requests) this.ask(host, heard);
    }, RETRY_MS);
    this.#retries.add(timer);
  }

  async #deliver(answer: Answer, heard: OrderHeard | null): Promise<void> {
    const { host } = answer;
    const connection = this.#options.connection(host);
    if (connection === null) return;
    const name = connection.session?.name ?? host;
    if (answer.kind !== 'assignment') {
      if (answer.kind === 'ahead') await this.#restoreFound(answer, name);
      this.#options.onRefused(host, { ...CANNOT_BE_SENT, problem: waitsForRestore(answer, name) });
      return;
    }
    await this.#sendRegistries(host, connection, false);
    await this.#sendSecrets(host, connection);
    const { hash } = answer;
    const { assigned } = connection;
    const { assignment, leftOut } = fitAssignment(answer.assignment, ASSIGNMENT_BYTES, (entry) =>
      assigned.hasTaken(entry),
    );
    const { epoch, generation } = assignment;
    assigned.sent(assignment);
    if (leftOut.length > 0) {
      const entries = leftOut.map(({ entry }) => entry);
      this.#options.onRefused(host, assigned.leftOut(assignment, entries, tooLarge(name, leftOut)));
    }
    if (heard?.epoch === epoch && heard.generation === generation && heard.hash === hash) {
      assigned.taken({ epoch, generation });
      this.#options.onCurrent(host, { epoch, generation });
      return;
    }
    const readable = forAgent(assignment, connection.capabilities);
    const message = { kind: 'assignment', assignment: readable, hash };
    connection.send(message as unknown as CoordinatorMessageOf<'assignment'>);
  }

  /** The host holds what this data never gave: from now on changes wait for an operator. */
  async #restoreFound({ host, heard, known }: Extract<Answer, { kind: 'ahead' }>, name: string): Promise<void> {
    const at = this.#options.now();
    const text = `Host ${name} holds assignment ${orderText(heard)}, and this data knows ${orderText(known)}: it was restored from an older copy. Changes wait until an operator confirms`;
    const cause = { kind: 'coordinator', detail: 'what the host said at its hello' } as const;
    const event = { at, kind: 'coordinator.restore-found', app: null, host, deployment: null, cause, text };
    await this.#options.store.restoreFound({ host, heard, known, at, events: [event] });
  }

  /** What a host gets at once when it connects or when values are new. What fails is tried again with its assignment. */
  async sendSealed(host: HostId, connection: AgentConnection): Promise<void> {
    try {
      await this.#sendRegistries(host, connection, true);
      await this.#sendSecrets(host, connection);
    } catch (error) {
      this.#later([{ host, heard: null }], error);
    }
  }

  /**
   * What the agent dropped may be wanted again.
   * @param held all that it holds; undefined = that has not changed
   */
  reported(
    host: HostId,
    connection: AgentConnection,
    removed: readonly AppName[],
    held: AgentMessageOf<'report'>['secrets'],
  ): void {
    for (const app of removed) connection.heldSecrets.removed(app);
    if (held !== undefined && connection.heldSecrets.reported(held)) void this.#sendSecretsAgain(host, connection);
  }

  async #sendSecretsAgain(host: HostId, connection: AgentConnection): Promise<void> {
    try {
      await this.#sendSecrets(host, connection);
    } catch (error) {
      this.#later([{ host, heard: null }], error);
    }
  }

  /** Those that the host's targets need and that it does not hold. */
  async #sendSecrets(host: HostId, connection: AgentConnection): Promise<void> {
    const { heldSecrets } = connection;
    const { items, missing } = await this.#options.sealed.secrets(host, (key, version) =>
      heldSecrets.has(key, version),
    );
    if (missing.length > 0) this.#options.onMissing(host, missing);
    let frame: (typeof items)[number][] = [];
    let bytes = 0;
    const flush = (): void => {
      if (frame.length > 0) connection.send({ kind: 'secrets', items: frame });
      frame = [];
      bytes = 0;
    };
    for (const item of items) {
      if (bytes + item.sealed.length > SECRETS_FRAME_BYTES) flush();
      frame.push(item);
      bytes += item.sealed.length;
      heldSecrets.sent(`${item.app}/${item.secret}`, item.version);
    }
    flush();
  }

  /**
   * Those of its images' registries; of others it is to forget what it has.
   * @param renewed values may be other ones than it holds
   */
  async #sendRegistries(host: HostId, connection: AgentConnection, renewed: boolean): Promise<void> {
    if (renewed) connection.sentRegistries.clear();
    const { sentRegistries, heldRegistries } = connection;
    const { needed, items } = await this.#options.sealed.registryCredentials(host, (registry) =>
      sentRegistries.has(registry),
    );
    for (const { registry, sealed } of items) {
      connection.send({ kind: 'registry-credential', registry, sealed });
      sentRegistries.add(registry);
      heldRegistries.add(registry);
    }
    for (const registry of heldRegistries) {
      if (needed.includes(registry)) continue;
      connection.send({ kind: 'registry-credential', registry, sealed: null });
      sentRegistries.delete(registry);
      heldRegistries.delete(registry);
    }
  }
}

const CANNOT_BE_SENT = { order: null, asked: {}, isSentAgain: false } as const;

function waitsForRestore(answer: Exclude<Answer, { kind: 'assignment' }>, name: string): Problem {
  const why =
    answer.kind === 'ahead'
      ? `it holds ${orderText(answer.heard)}, which this data never gave (it knows ${orderText(answer.known)})`
      : "the coordinator's data was restored from an older copy";
  return problem('GENERATION_CONFLICT', `assign to host ${name}: ${why}; it keeps what it has until that is confirmed`);
}

function tooLarge(name: string, leftOut: FittedAssignment['leftOut']): Problem {
  const apps = leftOut.map(({ entry, bytes }) => `${entry.app} (${Math.ceil(bytes / 1024)} KiB)`).join(', ');
  const most = `${FRAME_LIMIT_BYTES / 1024} KiB`;
  return problem('TOO_LARGE', `assign ${apps} to host ${name}: all apps of a host together may have ${most}`, {
    hint: 'Make config files smaller, or run fewer apps on the host.',
  });
}

const orderText = ({ epoch, generation }: Order): string => `${epoch}.${generation}`;

/** The store stops before the hub: what it refuses then is no fault. */
export function isShuttingDown(error: unknown): boolean {
  return error instanceof LongshoreError && error.code === 'SHUTTING_DOWN';
}
