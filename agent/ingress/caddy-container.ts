/** What Caddy's container must be like, and the hash that tells whether a running one is like that. Pure. */
import type { HostId } from '../../fleet/ids.ts';
import type { ProxyPlan } from '../engine/proxy-containers.ts';
import { contentHash } from './content-hash.ts';
import { PROXY_PATHS } from './proxy-options.ts';

export interface CaddyContainerInputs {
  readonly host: HostId;
  readonly dataDir: string | null;
  readonly image: string;
  readonly user: string | null;
  readonly shared: string;
  readonly hosts: string;
  readonly storage: string;
  readonly runFolderOf: (hash: string) => string;
  readonly graceMs: number;
}

/**
 * A resolver that is patient would hold every request for 10 s if the agent hung: one try of a second (Go counts no
 * less) is all that an answer on loopback can need.
 */
const RESOLVER_OPTIONS = ['timeout:1', 'attempts:1'];
const STOP_MARGIN_MS = 5_000;

export function caddyContainer(inputs: CaddyContainerInputs): ProxyPlan {
  const fixed = {
    image: inputs.image,
    command: ['caddy', 'run', '--config', PROXY_PATHS.config],
    environment: { XDG_DATA_HOME: PROXY_PATHS.data, XDG_CONFIG_HOME: PROXY_PATHS.data },
    binds: [
      `${inputs.shared}:${PROXY_PATHS.shared}:ro`,
      `${inputs.hosts}:/etc/hosts:ro`,
      `${inputs.storage}:${PROXY_PATHS.data}`,
    ],
    dnsOptions: RESOLVER_OPTIONS,
    user: inputs.user,
  };
  const hash = contentHash(JSON.stringify(fixed)).slice(0, 8);
  return {
    ...fixed,
    host: inputs.host,
    dataDir: inputs.dataDir,
    name: `longshore-${inputs.host}-ingress`,
    hash,
    binds: [...fixed.binds, `${inputs.runFolderOf(hash)}:${PROXY_PATHS.run}`],
    stopTimeoutMs: inputs.graceMs + STOP_MARGIN_MS,
  };
}
