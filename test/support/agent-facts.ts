/** Facts of an agent for tests: connected, nothing to do, with the fields that a test is about given by it. */
import type { AgentFacts } from '../../agent/facts.ts';

export const someAgentFacts = (fields: Partial<AgentFacts> = {}): AgentFacts => ({
  phase: 'running',
  obstacle: null,
  session: { kind: 'connected', sinceMs: 0, session: 's', heartbeatMs: 10_000, name: 'web-1' },
  apps: {},
  converged: true,
  waiting: null,
  problems: [],
  order: { epoch: 1, generation: 7 },
  work: { healthy: true },
  host: null,
  openStreams: 0,
  ...fields,
});
