/** The times of the gate: on the app for all services, on a service for itself. */
import type { GatePolicy } from '../../fleet/app-spec.ts';
import { type Cursor, readDuration, readOr, readPositiveDuration } from './read.ts';

export interface GateFields {
  readonly min_healthy_time?: Cursor;
  readonly healthy_deadline?: Cursor;
  readonly progress_deadline?: Cursor;
}

export function readGate(given: GateFields, fallback: GatePolicy): GatePolicy {
  return {
    minHealthyMs: readOr(given.min_healthy_time, readDuration, fallback.minHealthyMs),
    healthyDeadlineMs: readOr(given.healthy_deadline, readPositiveDuration, fallback.healthyDeadlineMs),
    progressDeadlineMs: readOr(given.progress_deadline, readPositiveDuration, fallback.progressDeadlineMs),
  };
}
