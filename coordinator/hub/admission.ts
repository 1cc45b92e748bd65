/**
 * From hello to welcome: proof, one session a host, and what the store has to know. Hellos of one host are handled one
 * after the other, so that two that come together cannot both find the place free.
 *
 * The same process again: the newer connection takes the place of the older (a half-open socket must not lock its own
 * agent out). Another process with the same identity: refused while the first one answers a ping; a first one that
 * does not answer is gone (the host was restarted) and gives up its place.
 */
import { LongshoreError, problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import { heartbeatIntervalMs, silenceLimitMs } from '../../fleet/heartbeat.ts';
import type { HostId } from '../../fleet/ids.ts';
import { CLOSE } from '../../protocol/agent-messages.ts';
import type { AgentMessageOf } from '../../protocol/agent-messages.ts';
import type { HostRow, NewEvent } from '../store/records.ts';
import type { HostStore } from '../store/store.ts';
import type { AgentConnection, OpenSession } from './agent-connection.ts';
import { verifyHello } from './verify-hello.ts';
import { wantedLabels } from './wanted-labels.ts';

export interface AdmissionOptions {
  readonly store: Pick<HostStore, 'host' | 'openSession'>;
  readonly coordinator: string;
  readonly url: string;
  readonly version: string;
  readonly now: () => number;
  readonly random: () => number;
  readonly connection: (host: HostId) => AgentConnection | null;
  /** How many hosts share the heartbeats. */
  readonly hostCount: () => number;
  /** Whether people should read that the host is back. */
  readonly wasMissed: (row: HostRow) => boolean;
  readonly onOpen: (connection: AgentConnection, session: OpenSession, hello: AgentMessageOf<'hello'>) => void;
  readonly onRefused: (host: HostId, reason: Problem) => void;
  readonly onPlacementChanged: () => void;
}

const PING_MS = 3_000;
const IN_USE_RETRY_MS = 60_000;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #queues = new Map<HostId, Promise<void>>();
  /** What was told of labels that an agent would like: once, and not at each session. */
  readonly #wanted = new Map<HostId, string>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Never rejects: what goes wrong is told to the agent. */
  async admit(connection: AgentConnection, hello: AgentMessageOf<'hello'>): Promise<void> {
    const before = this.#queues.get(hello.host) ?? Promise.resolve();
    const turn = before
      .then(() => this.#admit(connection, hello))
      .catch((error: unknown) => this.#fault(connection, hello.host, error));
    this.#queues.set(hello.host, turn);
    await turn;
    if (this.#queues.get(hello.host) === turn) this.#queues.delete(hello.host);
  }

  async #admit(connection: AgentConnection, hello: AgentMessageOf<'hello'>): Promise<void> {
    const { store, now } = this.#options;
    const verdict = verifyHello(hello, await store.host({ id: hello.host }), connection.challenge);
    if (verdict.kind === 'refused') {
      this.#refuse(connection, hello.host, verdict.problem, verdict.retryAfterMs);
      return;
    }
    if (!(await this.#makePlace(connection, verdict.row, hello))) return;
    const opened = await store.openSession({
      host: hello.host,
      coordinator: this.#options.coordinator,
      url: this.#options.url,
      at: now(),
      platform: hello.platform,
      agentVersion: hello.agentVersion,
      engineVersion: hello.engineVersion,
      boot: hello.boot ?? null,
      backEvents: [backEvent(verdict.row, hello, now())],
      events: [
        ...(this.#options.wasMissed(verdict.row) ? [connectedEvent(verdict.row, hello, now())] : []),
        ...this.#labelEvents(verdict.row, hello),
      ],
    });
    const heartbeatMs = heartbeatIntervalMs(this.#options.hostCount());
    const session: OpenSession = {
      host: hello.host,
      name: opened.host.name,
      process: hello.process,
      epoch: opened.session.epoch,
      heartbeatMs,
      silenceMs: silenceLimitMs(heartbeatMs, this.#options.random()),
      order: hello.order,
      boot: hello.boot ?? null,
    };
    connection.heldSecrets.heard(hello.secrets);
    for (const capability of hello.capabilities) connection.capabilities.add(capability);
    for (const registry of hello.registries) connection.heldRegistries.add(registry);
    const isOpen = connection.open(session, {
      kind: 'welcome',
      protocol: verdict.protocol,
      session: `${hello.host}.${opened.session.epoch}`,
      heartbeatMs,
      coordinatorVersion: this.#options.version,
      name: opened.host.name,
    });
    if (!isOpen) return;
    this.#options.onOpen(connection, session, hello);
    if (opened.placementChanged) this.#options.onPlacementChanged();
  }

  #labelEvents(row: HostRow, hello: AgentMessageOf<'hello'>): readonly NewEvent[] {
    const text = wantedLabels(row, hello.labels);
    const isTold = text === (this.#wanted.get(row.id) ?? null);
    if (text === null) this.#wanted.delete(row.id);
    else this.#wanted.set(row.id, text);
    return isTold || text === null ? [] : [hostEvent('host.labels-wanted', text, row, hello, this.#options.now())];
  }

  /** @returns whether the place of the host is free now */
  async #makePlace(connection: AgentConnection, row: HostRow, hello: AgentMessageOf<'hello'>): Promise<boolean> {
    const first = this.#options.connection(row.id);
    if (first === null) return true;
    if (first.session?.process === hello.process) {
      first.close(CLOSE.replaced, 'a newer connection of the same agent took its place');
      return true;
    }
    if (await first.socket.isAlive(PING_MS)) {
      const text = `connect host ${row.name}: another agent with its identity is connected from ${first.socket.peer}, this one comes from ${connection.socket.peer}`;
      this.#refuse(connection, row.id, problem('IDENTITY_IN_USE', text), IN_USE_RETRY_MS);
      return false;
    }
    first.destroy();
    return true;
  }

  #refuse(connection: AgentConnection, host: HostId, reason: Problem, retryAfterMs: number | null): void {
    connection.refuse(reason, retryAfterMs);
    this.#options.onRefused(host, reason);
  }

  #fault(connection: AgentConnection, host: HostId, error: unknown): void {
    const reason =
      error instanceof LongshoreError
        ? error.problem
        : problem('INTERNAL', `connect host ${host}: ${error instanceof Error ? error.message : String(error)}`);
    this.#refuse(connection, host, reason, null);
  }
}

function backEvent(row: HostRow, hello: AgentMessageOf<'hello'>, at: number): NewEvent {
  const text = `Host ${row.name} takes work again: its machine is back after its power-off`;
  return hostEvent('host.activated', text, row, hello, at);
}

function connectedEvent(row: HostRow, hello: AgentMessageOf<'hello'>, at: number): NewEvent {
  return hostEvent('host.connected', `Host ${row.name} is connected`, row, hello, at);
}

function hostEvent(kind: string, text: string, row: HostRow, hello: AgentMessageOf<'hello'>, at: number): NewEvent {
  const cause = { kind: 'host', host: row.name, detail: `agent ${hello.agentVersion}` } as const;
  return { at, kind, app: null, host: row.id, deployment: null, cause, text };
}
