/**
 * Deletes what is older or larger than is to be kept, in small parts with pauses in between, so that what hosts and
 * people ask for waits for one part at most. Only the coordinator that leads has one. What was deleted for its size is
 * in the log once a day, with the hosts that it was of.
 */
import type { HostId } from '../../fleet/ids.ts';
import { renderBytes } from '../../protocol/text/time.ts';
import { Periodic } from '../periodic.ts';
import type { NewEvent } from '../store/records.ts';
import type { PrunedEvents, RetentionStore } from '../store/retention-store.ts';
import type { EventStore, HostStore } from '../store/store.ts';
import type { RetentionConfig } from './retention-config.ts';

export interface RetentionOptions {
  readonly config: RetentionConfig;
  readonly store: RetentionStore & Pick<EventStore, 'appendEvents'> & Pick<HostStore, 'hostNames'>;
  readonly onPruned: (pruned: readonly PrunedEvents[]) => void;
  readonly onFault: (error: unknown) => void;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
  /** Resolves then, or when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

const LOOK_MS = 60_000;
const DAY_MS = 86_400_000;
const ROWS_AT_ONCE = 200;
/** Of the store's time at most a tenth. */
const PAUSE_PER_WORK = 9;
const SHORTEST_PAUSE_MS = 50;
const HOSTS_NAMED = 5;

export class Retention {
  readonly #options: RetentionOptions;
  readonly #periodic: Periodic;
  readonly #stopping = new AbortController();
  /** Deleted for the size of the log since that was last in the log. */
  readonly #dropped = new Map<HostId | null, number>();
  #writtenAt = Number.NEGATIVE_INFINITY;
  #deploymentsAt = Number.NEGATIVE_INFINITY;

  constructor(options: RetentionOptions) {
    this.#options = options;
    const { onFault } = options;
    // After a start the hosts come first.
    this.#periodic = new Periodic({ firstMs: LOOK_MS, everyMs: LOOK_MS, work: () => this.look(), onFault });
  }

  start(): void {
    this.#periodic.start();
  }

  /** Resolves when the part under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#periodic.stop();
  }

  /** Deletes until nothing is left to do. */
  async look(): Promise<void> {
    await this.#events();
    await this.#writeDropped();
    const now = this.#options.monotonicMs();
    if (now - this.#deploymentsAt < DAY_MS) return;
    await this.#deployments();
    this.#deploymentsAt = now;
  }

  async #events(): Promise<void> {
    const { config, store, now, onPruned } = this.#options;
    const { eventsMs, auditMs, eventsBytes: maxBytes } = config;
    const since = (ms: number | null): number | null => (ms === null ? null : now() - ms);
    if (eventsMs === null && auditMs === null && maxBytes === null) return;
    await this.#inParts(async () => {
      const before = { host: since(eventsMs), coordinator: since(eventsMs), person: since(auditMs) };
      const pruned = await store.pruneEvents({ before, maxBytes, limit: ROWS_AT_ONCE });
      if (pruned.length > 0) onPruned(pruned);
      for (const { host, events, reason } of pruned)
        if (reason === 'size') this.#dropped.set(host, (this.#dropped.get(host) ?? 0) + events);
      return pruned.length > 0;
    });
  }

  async #deployments(): Promise<void> {
    const { config, store, now } = this.#options;
    const { deploymentsMs } = config;
    if (deploymentsMs === null) return;
    const before = now() - deploymentsMs;
    let after: number | null = null;
    await this.#inParts(async () => {
      ({ next: after } = await store.pruneDeployments({ before, after, limit: ROWS_AT_ONCE }));
      return after !== null;
    });
  }

  /** @param part @returns whether more is left */
  async #inParts(part: () => Promise<boolean>): Promise<void> {
    const { monotonicMs, pause } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const began = monotonicMs();
      if (!(await part())) return;
      await pause(Math.max(SHORTEST_PAUSE_MS, (monotonicMs() - began) * PAUSE_PER_WORK), signal);
    }
  }

  async #writeDropped(): Promise<void> {
    const { store, now, monotonicMs } = this.#options;
    if (this.#dropped.size === 0 || monotonicMs() - this.#writtenAt < DAY_MS) return;
    const most = [...this.#dropped].sort(([, a], [, b]) => b - a);
    const hosts = most.flatMap(([host]) => (host === null ? [] : [host])).slice(0, HOSTS_NAMED);
    const names = await store.hostNames({ ids: hosts });
    await store.appendEvents({ events: [this.#event(most, (host) => names[host] ?? host, now())] });
    this.#dropped.clear();
    this.#writtenAt = monotonicMs();
  }

  #event(most: readonly (readonly [HostId | null, number])[], nameOf: (host: HostId) => string, at: number): NewEvent {
    const total = most.reduce((sum, [, events]) => sum + events, 0);
    const named = most
      .slice(0, HOSTS_NAMED)
      .map(([host, events]) => `${events} of ${host === null ? 'the coordinator itself' : nameOf(host)}`);
    const others = most.length > HOSTS_NAMED ? ` and ${most.length - HOSTS_NAMED} other hosts` : '';
    const limit = renderBytes(this.#options.config.eventsBytes ?? 0);
    return {
      at,
      kind: 'events.pruned',
      app: null,
      host: null,
      deployment: null,
      cause: { kind: 'coordinator', detail: 'events.prune_above' },
      text: `The event log reached ${limit}: its ${total} oldest events of those that write most were deleted (${named.join(', ')}${others})`,
    };
  }
}
