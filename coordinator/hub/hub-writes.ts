/** What the hub has to have written, gathered: acks, ends of sessions, removals that are done, events of hosts. */
import { compareOrder } from '../../fleet/assignment.ts';
import type { Order } from '../../fleet/assignment.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { NewEvent } from '../store/records.ts';
import type { EventStore, HostStore, TargetStore } from '../store/store.ts';
import { BatchWriter } from './batch-writer.ts';
import type { LiveHosts } from './live-hosts.ts';

export interface HubWritesOptions {
  readonly store: Pick<HostStore, 'closeSession'> &
    Pick<TargetStore, 'recordAcks' | 'removalsDone'> &
    Pick<EventStore, 'appendEvents'>;
  readonly live: LiveHosts;
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
  /** The ack is committed: from now on it counts. */
  readonly onAcked: (host: HostId) => void;
  /** A target is gone; the host's assignment is another one. */
  readonly onRemoved: (host: HostId) => void;
}

const MOST = 100_000;

export class HubWrites {
  readonly #acks: BatchWriter<Order & { readonly host: HostId }>;
  readonly #ends: BatchWriter<{ readonly host: HostId; readonly epoch: number; readonly at: number }>;
  readonly #removals: BatchWriter<{ readonly host: HostId; readonly app: AppName }>;
  readonly #events: BatchWriter<NewEvent>;

  constructor({ store, live, now, onFault, onAcked, onRemoved }: HubWritesOptions) {
    this.#acks = new BatchWriter({
      most: MOST,
      onFault,
      write: async (acks) => {
        await store.recordAcks({ acks });
        for (const { host, epoch, generation } of acks) {
          const known = live.get(host);
          if (known === null || (known.acked !== null && compareOrder(known.acked, { epoch, generation }) >= 0))
            continue;
          live.set(host, { ...known, acked: { epoch, generation } });
          onAcked(host);
        }
      },
    });
    this.#ends = new BatchWriter({
      most: MOST,
      onFault,
      write: async (ends) => {
        await Promise.all(ends.map((end) => store.closeSession({ ...end, events: [] })));
      },
    });
    this.#removals = new BatchWriter({
      most: MOST,
      onFault,
      write: async (done) => {
        const told = done.map((removal) => ({ ...removal, event: removedEvent(removal, now()) }));
        const gone = await store.removalsDone({ done: told });
        for (const host of new Set(gone.map((removal) => removal.host))) onRemoved(host);
      },
    });
    this.#events = new BatchWriter({
      most: 10_000,
      onFault,
      write: async (events) => {
        await store.appendEvents({ events });
      },
    });
  }

  acked(host: HostId, order: Order): void {
    this.#acks.add({ host, ...order });
  }

  closed(end: { readonly host: HostId; readonly epoch: number; readonly at: number }): void {
    this.#ends.add(end);
  }

  removed(host: HostId, app: AppName): void {
    this.#removals.add({ host, app });
  }

  event(event: NewEvent): void {
    this.#events.add(event);
  }

  /** Resolves when what waits is written, or cannot be. */
  async stop(): Promise<void> {
    await Promise.all([this.#acks.stop(), this.#ends.stop(), this.#removals.stop(), this.#events.stop()]);
  }
}

function removedEvent({ host, app }: { readonly host: HostId; readonly app: AppName }, at: number): NewEvent {
  const cause = { kind: 'host', host, detail: 'its agent' } as const;
  return {
    at,
    kind: 'app.removed-from-host',
    app,
    host,
    deployment: null,
    cause,
    text: `${app} is removed from the host`,
  };
}
