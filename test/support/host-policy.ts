/** What an agent states of its host's policy, for tests. */
import type { HostPolicy } from '../../fleet/host-policy.ts';

/** Of a host whose operator allows nothing. */
export const aPolicy = (fields: Partial<HostPolicy> = {}): HostPolicy => ({
  privileged: false,
  hostNetwork: false,
  dockerSocket: false,
  guarded: {
    dockerSocket: '/var/run/docker.sock',
    dataDir: '/var/lib/longshore-agent',
    engineRoot: '/var/lib/docker',
  },
  ...fields,
});
