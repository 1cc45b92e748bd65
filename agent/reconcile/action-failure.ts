/** The one classifier of failed actions: what is tried again, and when. Pure. */
import { LongshoreError, problem, type Problem } from '../../fleet/errors.ts';
import { OWN_DISK, retryDelayMs, TRANSIENT } from '../../fleet/retry.ts';
import { type Action, objectOf } from './action.ts';
import type { ActionFailure } from './observation.ts';

export interface FailureInput {
  readonly action: Action;
  readonly error: unknown;
  /** Failures of the same object before this one. */
  readonly before: number;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
}

export function toActionFailure(input: FailureInput): ActionFailure {
  const { action, error, before, nowMs, random } = input;
  const known = error instanceof LongshoreError ? error : null;
  const isOwnDisk = objectOf(action).startsWith('journal:');
  const policy = isOwnDisk ? OWN_DISK : TRANSIENT;
  const retryable =
    known === null ||
    known.retryable ||
    // Giving up would have to be written to the same disk.
    isOwnDisk ||
    isWorldChanged(action, known) ||
    mayMakeRoom(action, known, before);
  const asked = known?.retryAfterMs ?? null;
  return {
    problem:
      named(action, known?.problem) ??
      problem('INTERNAL', `${action.kind}: ${error instanceof Error ? error.message : String(error)}`),
    retryable,
    count: before + 1,
    retryAtMs: nowMs + (retryable ? retryDelayMs(policy, before, random, asked) : policy.capMs),
  };
}

/** People know an instance by its service and number; its id says nothing in an event. */
function named(action: Action, found: Problem | undefined): Problem | undefined {
  if (found === undefined || action.kind !== 'start') return found;
  return { ...found, message: found.message.replaceAll(action.instance, `${action.service}/${action.replica}`) };
}

/** The container, network or image that was there a moment ago is not: looking again gives another plan. */
function isWorldChanged(action: Action, error: LongshoreError): boolean {
  if (error.code === 'NOT_FOUND' || error.code === 'CONFLICT') return true;
  return error.code === 'IMAGE_NOT_FOUND' && action.kind !== 'pull';
}

/** The first time the disk is too full for an image, held images that nobody needs are let go, and it is tried once more. */
function mayMakeRoom(action: Action, error: LongshoreError, before: number): boolean {
  return action.kind === 'pull' && error.code === 'NO_SPACE' && before === 0;
}
