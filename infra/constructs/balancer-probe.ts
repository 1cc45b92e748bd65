/** What a balancer asks before it sends requests to a machine. A drain fails it first. Pure. */
import { HEALTH_PORT } from './machine-metadata.ts';

export const BALANCER_PROBE = {
  checkIntervalSec: 5,
  timeoutSec: 5,
  healthyThreshold: 1,
  unhealthyThreshold: 2,
  httpHealthCheck: { port: HEALTH_PORT, requestPath: '/.longshore/ready' },
} as const;

/** Open requests of a machine that left have so long to end. */
export const DRAINING_SECONDS = 60;
