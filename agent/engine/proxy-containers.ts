/**
 * The port to the containers of the ingress's proxy: few, named by the agent, labelled with its host, on the host's
 * network. Like the port to instances: only our own are seen or touched, every call may be repeated, failures are
 * LongshoreError.
 */
import type { HostId } from '../../fleet/ids.ts';

export interface ProxyContainer {
  readonly engineId: string;
  readonly name: string;
  /** Of the plan it was made by. */
  readonly hash: string;
  readonly running: boolean;
}

export interface ProxyPlan {
  readonly host: HostId;
  /** The agent's data directory; null = not known. */
  readonly dataDir: string | null;
  readonly name: string;
  readonly hash: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** `source:target[:ro]` */
  readonly binds: readonly string[];
  /** Options of the resolver, as in resolv.conf. */
  readonly dnsOptions: readonly string[];
  /** `uid:gid`; null: the image's own. */
  readonly user: string | null;
  readonly stopTimeoutMs: number;
}

export interface ProxyContainers {
  list(): Promise<readonly ProxyContainer[]>;
  /** The first that is on the disk, else the first that can be pulled. @throws IMAGE_NOT_FOUND, REGISTRY_UNAVAILABLE */
  ensureImage(candidates: readonly string[], signal: AbortSignal): Promise<string>;
  /** Not started. @returns the engine's id */
  create(plan: ProxyPlan): Promise<string>;
  /** Running already is fine. */
  start(engineId: string): Promise<void>;
  rename(engineId: string, name: string): Promise<void>;
  /** Resolves when it is not running or gone, and when the signal aborts. */
  waitStopped(engineId: string, signal: AbortSignal): Promise<void>;
  /** SIGTERM, SIGKILL after `graceMs`; then removes. Gone already is fine. */
  remove(engineId: string, graceMs: number): Promise<void>;
  /** Its last lines, for a message. */
  lastOutput(engineId: string): Promise<string>;
}
