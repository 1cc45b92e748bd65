/** Lets the requests to an instance end: until none is under way, or its grace is over. New ones no longer reach it. */
import type { Clock } from '../clock.ts';
import type { Ingress } from '../ingress/ingress.ts';

const POLL_MS = 100;

export interface DrainInput {
  readonly ingress: Ingress | null;
  readonly clock: Clock;
  readonly address: string;
  readonly graceMs: number;
}

export async function drain(input: DrainInput, signal: AbortSignal): Promise<void> {
  const { ingress, clock, address, graceMs } = input;
  if (ingress === null) return;
  const endMs = clock.now().monotonicMs + graceMs;
  while (!signal.aborted) {
    const active = await ingress.activeRequests(address);
    const leftMs = endMs - clock.now().monotonicMs;
    // A proxy that cannot say (null) gets the whole grace.
    if (active === 0 || leftMs <= 0) return;
    await clock.sleep(Math.min(POLL_MS, leftMs), signal);
  }
}
