/**
 * The port to the host's ingress. Two kinds of change, kept apart: `publish` tells where traffic goes now (a DNS
 * answer, never a reload, effective within 100 ms); `configure` changes host names, paths, TLS or fallback addresses
 * (one `/load`). The reconciler publishes after a gate and un-publishes before a drain.
 */
import type { AppName } from '../../fleet/ids.ts';
import type { IngressRoute } from '../../fleet/app-spec.ts';

export interface IngressApp {
  readonly app: AppName;
  readonly services: readonly IngressService[];
  /** Longest stop_grace_period of its services: how long websockets are kept over a `/load`. */
  readonly graceMs: number;
}

export interface IngressService {
  readonly service: string;
  readonly routes: readonly IngressRoute[];
  /** Both slot addresses of every replica: the static fallback for the time the agent is away. Sorted. */
  readonly addresses: readonly string[];
}

/**
 * Addresses that get traffic now, by `app/service`. While a route goes to another port or service, `app/service:port`
 * says who still answers on a port that only the configuration of before names.
 */
export type Upstreams = Readonly<Record<string, readonly string[]>>;

export interface Ingress {
  /** Whole configuration; equal to the last one = nothing happens. Resolves when the proxy has taken it. */
  configure(apps: readonly IngressApp[]): Promise<void>;
  /** Resolves when every new connection goes by the new answer (refresh interval awaited). */
  publish(upstreams: Upstreams): Promise<void>;
  /** Requests under way to this address; null where the proxy cannot say. */
  activeRequests(address: string): Promise<number | null>;
  /** What `/.longshore/ready/<app>` answers with 200; draining takes an app out first. */
  setReady(apps: readonly AppName[]): Promise<void>;
}
