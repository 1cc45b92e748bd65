/**
 * Turns what happens into changes with whole views. Hosts speak often: each host's view is made at most once in
 * HOST_PAUSE_MS, always of the newest state, and not at all while nobody listens. Deployments are told in the order in
 * which they changed.
 */
import type { Deployment } from '../fleet/deployment.ts';
import type { DeploymentId, HostId } from '../fleet/ids.ts';
import type { Changes } from './changes.ts';
import type { ViewsPort } from './ports.ts';
import type { StoredEvent } from './store/records.ts';

export const HOST_PAUSE_MS = 200;
const HOSTS_AT_ONCE = 50;

export interface ChangeFeedOptions {
  readonly changes: Changes;
  readonly views: ViewsPort;
  readonly onFault: (error: unknown) => void;
}

export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #hosts = new Set<HostId>();
  readonly #deployments = new Map<DeploymentId, Deployment>();
  readonly #touched = new Map<DeploymentId, Deployment>();
  #touchTimer: NodeJS.Timeout | null = null;
  #hostTimer: NodeJS.Timeout | null = null;
  #telling = false;
  #stopped = false;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  hostChanged(host: HostId): void {
    if (this.#stopped || !this.#options.changes.isHeard) return;
    this.#hosts.add(host);
    this.#hostTimer ??= setTimeout(() => void this.#tellHosts(), HOST_PAUSE_MS);
  }

  /** Views in between may be left out, the newest never. */
  deploymentChanged(deployment: Deployment): void {
    if (this.#stopped || !this.#options.changes.isHeard) return;
    this.#touched.delete(deployment.id);
    this.#deployments.delete(deployment.id);
    this.#deployments.set(deployment.id, deployment);
    if (!this.#telling) void this.#tellDeployments();
  }

  /** What its hosts do right now is another thing; told after a moment, with the newest. */
  deploymentTouched(deployment: Deployment): void {
    if (this.#stopped || !this.#options.changes.isHeard) return;
    this.#touched.set(deployment.id, deployment);
    this.#touchTimer ??= setTimeout(() => {
      this.#touchTimer = null;
      const touched = [...this.#touched.values()];
      this.#touched.clear();
      for (const found of touched) if (!this.#deployments.has(found.id)) this.deploymentChanged(found);
    }, HOST_PAUSE_MS);
  }

  appended(events: readonly StoredEvent[]): void {
    const { changes, views } = this.#options;
    if (!changes.isHeard) return;
    for (const event of events) changes.publish({ kind: 'event', event: views.event(event) });
  }

  stop(): void {
    this.#stopped = true;
    if (this.#hostTimer !== null) clearTimeout(this.#hostTimer);
    if (this.#touchTimer !== null) clearTimeout(this.#touchTimer);
  }

  async #tellHosts(): Promise<void> {
    const { changes, views, onFault } = this.#options;
    const hosts = [...this.#hosts];
    this.#hosts.clear();
    try {
      for (let start = 0; start < hosts.length && !this.#isStopped(); start += HOSTS_AT_ONCE) {
        const part = hosts.slice(start, start + HOSTS_AT_ONCE);
        const found = await Promise.all(part.map(async (host) => ({ host, view: await views.host(host) })));
        for (const { host, view } of found) {
          changes.publish(view === null ? { kind: 'host-gone', host } : { kind: 'host', host: view });
        }
      }
    } catch (error) {
      if (!this.#isStopped()) onFault(error);
    }
    this.#hostTimer =
      this.#hosts.size === 0 || this.#isStopped() ? null : setTimeout(() => void this.#tellHosts(), HOST_PAUSE_MS);
  }

  async #tellDeployments(): Promise<void> {
    const { changes, views, onFault } = this.#options;
    this.#telling = true;
    for (const [id, deployment] of this.#deployments) {
      this.#deployments.delete(id);
      try {
        changes.publish({ kind: 'deployment', deployment: await views.deployment(deployment) });
      } catch (error) {
        if (!this.#isStopped()) onFault(error);
      }
    }
    this.#telling = false;
  }

  #isStopped(): boolean {
    return this.#stopped;
  }
}
