/**
 * What people read of hosts in the log of events. Only a host that proved its key may cause one, and one that comes
 * again and again with the same trouble causes it once in ten minutes. An agent whose connection broke sends again what
 * it sent last: the newest of each host are known by their digest, and a second one is not written. A host that sends too
 * many has them counted instead of written.
 */
import { createHash } from 'node:crypto';
import type { Problem } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { AgentMessageOf } from '../../protocol/agent-messages.ts';
import type { NewEvent } from '../store/records.ts';
import { renderTime } from '../../protocol/text/time.ts';
import type { AgentConnection } from './agent-connection.ts';
import { EVENTS_A_MINUTE, EventBudget } from './event-budget.ts';
import type { DroppedEvents } from './event-budget.ts';
import type { HubOptions } from './hub-options.ts';
import { occurredAt } from './occurred-at.ts';

const PAUSE_MS = 10 * 60_000;
const MOST_KEPT = 10_000;
/** More than an agent says within the seconds that it sends again. */
const KNOWN_OF_A_HOST = 64;

export class HubEvents {
  readonly #options: Pick<HubOptions, 'log' | 'metrics' | 'now'>;
  readonly #write: (event: NewEvent) => void;
  readonly #nameOf: (host: HostId) => string;
  readonly #written = new Map<string, number>();
  readonly #told = new Map<HostId, Set<string>>();
  readonly #budgets = new Map<HostId, EventBudget>();
  /** Hosts with dropped events that are not yet reported. */
  readonly #dropping = new Set<HostId>();

  constructor(
    options: Pick<HubOptions, 'log' | 'metrics' | 'now'>,
    write: (event: NewEvent) => void,
    nameOf: (host: HostId) => string,
  ) {
    this.#options = options;
    this.#write = write;
    this.#nameOf = nameOf;
  }

  /** Once a second. @param gone hosts that have been away for a minute */
  tick(now: number, gone: readonly { readonly host: HostId; readonly name: string }[]): void {
    for (const { host, name } of gone) this.#add(host, 'host.disconnected', `Host ${name} is not connected any more`);
    for (const host of this.#dropping) this.#tellDropped(host, this.#budgets.get(host)?.due(now) ?? null);
  }

  /** Dropped and not yet reported. */
  stop(): void {
    const now = this.#options.now();
    for (const host of this.#dropping) this.#tellDropped(host, this.#budgets.get(host)?.tell(now) ?? null);
  }

  #tellDropped(host: HostId, dropped: DroppedEvents | null): void {
    if (dropped === null) return;
    this.#dropping.delete(host);
    const { count, since } = dropped;
    const events = count === 1 ? '1 event' : `${count} events`;
    const text = `${events} of ${this.#nameOf(host)} ${count === 1 ? 'was' : 'were'} dropped since ${renderTime(since)}: it sends more than ${EVENTS_A_MINUTE} a minute`;
    this.#add(host, 'host.events-dropped', text);
  }

  /** What the host itself brings about: only so many. */
  add(host: HostId, kind: string, text: string, fields: Partial<NewEvent> = {}): void {
    const now = this.#options.now();
    const budget = this.#budgets.get(host) ?? new EventBudget(now);
    this.#budgets.set(host, budget);
    if (budget.take(now)) {
      this.#add(host, kind, text, fields);
      return;
    }
    this.#dropping.add(host);
    this.#options.metrics.eventDropped();
  }

  #add(host: HostId, kind: string, text: string, fields: Partial<NewEvent> = {}): void {
    const name = this.#nameOf(host);
    const cause = { kind: 'host', host: name, detail: 'its agent' } as const;
    this.#write({ at: this.#options.now(), kind, app: null, host, deployment: null, cause, text, ...fields });
  }

  /** What an agent tells, once, with the time at which it happened. */
  told(host: HostId, message: AgentMessageOf<'event'>): void {
    if (!this.#isNew(host, message)) return;
    const at = occurredAt(message.at, this.#options.now()) ?? undefined;
    const cause = { kind: 'host', host: this.#nameOf(host), detail: 'its agent', at } as const;
    this.add(host, `agent.${message.event}`, message.text, { app: message.app, cause });
  }

  forget(host: HostId): void {
    this.#told.delete(host);
    this.#budgets.delete(host);
    this.#dropping.delete(host);
  }

  #isNew(host: HostId, { at, event, app, text }: AgentMessageOf<'event'>): boolean {
    const key = createHash('sha256')
      .update(JSON.stringify([at, event, app, text]))
      .digest('base64')
      .slice(0, 16);
    const known = this.#told.get(host) ?? new Set();
    if (known.has(key)) return false;
    known.add(key);
    for (const oldest of known) {
      if (known.size <= KNOWN_OF_A_HOST) break;
      known.delete(oldest);
    }
    this.#told.set(host, known);
    return true;
  }

  addOnce(host: HostId, kind: string, text: string): void {
    const now = this.#options.now();
    const key = `${host} ${kind} ${text}`;
    if (now - (this.#written.get(key) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS) return;
    if (this.#written.size >= MOST_KEPT) this.#written.clear();
    this.#written.set(key, now);
    this.add(host, kind, text);
  }

  missingSecrets(host: HostId, secrets: readonly string[]): void {
    const text = `Host ${this.#nameOf(host)} needs values that were removed or cannot be read: ${secrets.join('; ')}. Set them and deploy again`;
    this.addOnce(host, 'host.secret-missing', text);
  }

  refusedHello(host: HostId, reason: Problem): void {
    const { log, metrics } = this.#options;
    metrics.refused(reason.code);
    log.warn({ host, code: reason.code }, reason.message);
    if (reason.code === 'IDENTITY_IN_USE' || reason.code === 'PROTOCOL_VERSION')
      this.addOnce(host, 'host.refused', reason.message);
  }

  flaw(connection: AgentConnection, reason: Problem): void {
    const host = connection.session?.host ?? null;
    this.#options.log.warn({ host, peer: connection.socket.peer, code: reason.code }, reason.message);
    if (host !== null) this.addOnce(host, 'host.invalid-frame', reason.message);
  }

  breach(connection: AgentConnection, reason: Problem): void {
    const { log, metrics } = this.#options;
    const host = connection.session?.host ?? null;
    metrics.refused(reason.code);
    log.warn({ host, peer: connection.socket.peer, code: reason.code }, reason.message);
    if (host !== null) this.addOnce(host, 'host.invalid-frame', reason.message);
  }
}
