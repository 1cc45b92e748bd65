/**
 * What people read of hosts in the log of events. Only a host that proved its key may cause one, and one that comes
 * again and again with the same trouble causes it once in ten minutes.
 */
import type { Problem } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { NewEvent } from '../store/records.ts';
import type { AgentConnection } from './agent-connection.ts';
import type { HubOptions } from './hub-options.ts';

const PAUSE_MS = 10 * 60_000;
const MOST_KEPT = 10_000;

export class HubEvents {
  readonly #options: Pick<HubOptions, 'log' | 'metrics' | 'now'>;
  readonly #write: (event: NewEvent) => void;
  readonly #nameOf: (host: HostId) => string;
  readonly #written = new Map<string, number>();

  constructor(
    options: Pick<HubOptions, 'log' | 'metrics' | 'now'>,
    write: (event: NewEvent) => void,
    nameOf: (host: HostId) => string,
  ) {
    this.#options = options;
    this.#write = write;
    this.#nameOf = nameOf;
  }

  add(host: HostId, kind: string, text: string, fields: Partial<NewEvent> = {}): void {
    const name = this.#nameOf(host);
    const cause = { kind: 'host', host: name, detail: 'its agent' } as const;
    this.#write({ at: this.#options.now(), kind, app: null, host, deployment: null, cause, text, ...fields });
  }

  addOnce(host: HostId, kind: string, text: string): void {
    const now = this.#options.now();
    const key = `${host} ${kind} ${text}`;
    if (now - (this.#written.get(key) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS) return;
    if (this.#written.size >= MOST_KEPT) this.#written.clear();
    this.#written.set(key, now);
    this.add(host, kind, text);
  }

  refusedHello(host: HostId, reason: Problem): void {
    const { log, metrics } = this.#options;
    metrics.refused(reason.code);
    log.warn({ host, code: reason.code }, reason.message);
    if (reason.code === 'IDENTITY_IN_USE' || reason.code === 'PROTOCOL_VERSION')
      this.addOnce(host, 'host.refused', reason.message);
  }

  breach(connection: AgentConnection, reason: Problem): void {
    const { log, metrics } = this.#options;
    const host = connection.session?.host ?? null;
    metrics.refused(reason.code);
    log.warn({ host, peer: connection.socket.peer, code: reason.code }, reason.message);
    if (host !== null) this.addOnce(host, 'host.invalid-frame', reason.message);
  }
}
