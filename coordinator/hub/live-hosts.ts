/** What is live of each host, in memory. Reports outlive the connection; nothing here outlives the process. */
import { compareOrder } from '../../fleet/assignment.ts';
import type { Order } from '../../fleet/assignment.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { AgentMessageOf } from '../../protocol/agent-messages.ts';
import type { LiveHost } from '../ports.ts';

const NOTHING: LiveHost = {
  connected: false,
  connectedChangedAt: null,
  apps: {},
  metrics: null,
  status: null,
  problems: [],
  ingress: null,
  policy: null,
  capabilities: [],
  lastSeenAt: null,
  acked: null,
  refusal: null,
};

export class LiveHosts {
  readonly #hosts = new Map<HostId, LiveHost>();

  get(host: HostId): LiveHost | null {
    return this.#hosts.get(host) ?? null;
  }

  /** What there is, or the state of a host that was never heard. */
  known(host: HostId): LiveHost {
    return this.#hosts.get(host) ?? NOTHING;
  }

  set(host: HostId, live: LiveHost): void {
    this.#hosts.set(host, live);
  }

  update(host: HostId, fields: Partial<LiveHost>): void {
    this.#hosts.set(host, { ...this.known(host), ...fields });
  }

  opened(
    host: HostId,
    now: number,
    { ingress, policy, capabilities }: Pick<AgentMessageOf<'hello'>, 'ingress' | 'policy' | 'capabilities'>,
  ): void {
    this.update(host, {
      connected: true,
      connectedChangedAt: now,
      ingress,
      policy: policy ?? null,
      capabilities,
      lastSeenAt: now,
      refusal: null,
    });
  }

  /** An ack of an older one says nothing of the one that was refused. */
  taken(host: HostId, order: Order): void {
    const { refusal } = this.known(host);
    if (refusal === null) return;
    const newer = refusal.order === null ? -1 : compareOrder(refusal.order, order);
    if (newer > 0 || (newer === 0 && refusal.isPartial === true)) return;
    this.update(host, { refusal: null });
  }

  /** A host that was removed is not known any more, and stays so. */
  closed(host: HostId, now: number, lastSeenAt: number): void {
    if (this.#hosts.has(host)) this.update(host, { connected: false, connectedChangedAt: now, lastSeenAt });
  }

  forget(host: HostId): void {
    this.#hosts.delete(host);
  }
}
