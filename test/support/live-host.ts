/** What the hub knows of a host, for tests: connected and silent of everything else. */
import { CAPABILITIES } from '../../protocol/version.ts';
import { problem } from '../../fleet/errors.ts';
import type { AssignmentRefusal, LiveHost } from '../../coordinator/ports.ts';

export const aLiveHost = (fields: Partial<LiveHost> = {}): LiveHost => ({
  connected: true,
  connectedChangedAt: 0,
  apps: {},
  metrics: null,
  status: null,
  problems: [],
  ingress: null,
  policy: null,
  capabilities: [...CAPABILITIES],
  lastSeenAt: null,
  acked: null,
  refusal: null,
  ...fields,
});

/** An agent that lacks something for its newest assignment. */
export const aRefusal = (fields: Partial<AssignmentRefusal> = {}): AssignmentRefusal => ({
  problem: problem('CAPABILITY_MISSING', 'it cannot do ingress'),
  order: { epoch: 1, generation: 1 },
  asked: {},
  isSentAgain: false,
  ...fields,
});
