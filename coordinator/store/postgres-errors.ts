/** What PostgreSQL and the way to it can say, as our problems. A refusal by the server has a code of five characters. */
import { LongshoreError, problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';

/** The connection ended, or there was none: whatever was asked last has no answer. */
export class ConnectionLost extends Error {}

/** Null where the server did not say it. */
export function sqlState(error: unknown): string | null {
  if (error instanceof LongshoreError || typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}

export function isLost(error: unknown): boolean {
  if (error instanceof ConnectionLost) return true;
  const state = sqlState(error);
  // 08: connection; 57P01-57P05: the server ends, or ends this session.
  return state !== null && (state.startsWith('08') || /^57P0[1-5]$/.test(state));
}

/** Another transaction went first: beginning again helps. */
export function isSerialization(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}

/** After it the transaction can only be rolled back as a whole. */
export const isSpoiling = (error: unknown): boolean =>
  isLost(error) || isSerialization(error) || sqlState(error) === '25P02';

/** The password or the user is not the server's. */
export function isRefusedLogin(error: unknown): boolean {
  const state = sqlState(error);
  return state === '28P01' || state === '28000';
}

/** What no caller did: the server takes no writes at all, until somebody makes room or it is the primary again. */
export function refusesWrites(error: unknown): string | null {
  switch (sqlState(error)) {
    case '53100':
      return 'the disk of the database is full';
    case '25006':
      return READ_ONLY;
    case '58030':
      return `the disk of the database fails: ${messageOf(error)}`;
    case '0A000':
      // A transaction of ours cannot begin there.
      return /hot standby|during recovery/.test(messageOf(error)) ? STANDS_BY : null;
    default:
      return null;
  }
}

export const READ_ONLY = 'the database is read-only: its server takes no writes';
export const STANDS_BY = 'the server of the database is a standby, and takes no writes';

const messageOf = (error: unknown): string =>
  error instanceof Error && error.message !== '' ? error.message : String(error);

export function toPostgresProblem(error: unknown, operation: string): Problem {
  if (error instanceof LongshoreError) return error.problem;
  const text = messageOf(error);
  const state = sqlState(error);
  if (isLost(error) || isSerialization(error) || isRefusedLogin(error))
    return problem('STORE_UNAVAILABLE', `${operation}: ${text}`);
  if (state?.startsWith('23') === true) return problem('CONFLICT', `${operation}: ${text}`);
  if (state === '53100') {
    return problem('NO_SPACE', `${operation}: the disk of the database is full`, {
      hint: 'Make room on the disk of the PostgreSQL server, or make it larger; the coordinator goes on by itself.',
    });
  }
  const refused = refusesWrites(error);
  if (refused !== null) return problem('STORE_UNAVAILABLE', `${operation}: ${refused}`);
  // 53: too many connections, out of memory; 57014: took too long; 55P03: locked.
  if (state !== null && (state.startsWith('53') || ['57014', '55P03'].includes(state)))
    return problem('STORE_UNAVAILABLE', `${operation}: ${text}`);
  if (state?.startsWith('XX') === true)
    return problem('STATE_FILE_INVALID', `${operation}: the database is damaged: ${text}`, {
      hint: 'Look at the log of the PostgreSQL server; put back a copy of the database.',
    });
  return problem('INTERNAL', `${operation}: ${text}`);
}
