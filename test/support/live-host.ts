/** What the hub knows of a host, for tests: connected and silent of everything else. */
import type { LiveHost } from '../../coordinator/ports.ts';

export const aLiveHost = (fields: Partial<LiveHost> = {}): LiveHost => ({
  connected: true,
  connectedChangedAt: 0,
  apps: {},
  metrics: null,
  status: null,
  ingress: null,
  lastSeenAt: null,
  acked: null,
  refusal: null,
  ...fields,
});
