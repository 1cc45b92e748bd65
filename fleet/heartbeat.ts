/** How often agents speak, so that the fleet's total stays bounded, and when silence means gone. */
const PER_SECOND = 250;
const SHORTEST_MS = 10_000;

/** At most 250 heartbeats a second in all; 10 s for a small fleet, 40 s at 10,000 hosts. */
export function heartbeatIntervalMs(hosts: number): number {
  return Math.max(SHORTEST_MS, Math.ceil((hosts / PER_SECOND) * 1000));
}

/** Three intervals and jitter, at least a minute. @param random in [0, 1) */
export function silenceLimitMs(intervalMs: number, random: number): number {
  return Math.round(Math.max(60_000, intervalMs * 3) + intervalMs * random);
}
