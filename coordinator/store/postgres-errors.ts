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

export function toPostgresProblem(error: unknown, operation: string): Problem {
  if (error instanceof LongshoreError) return error.problem;
  const text = error instanceof Error && error.message !== '' ? error.message : String(error);
  const state = sqlState(error);
  if (isLost(error) || isSerialization(error) || isRefusedLogin(error))
    return problem('STORE_UNAVAILABLE', `${operation}: ${text}`);
  if (state?.startsWith('23') === true) return problem('CONFLICT', `${operation}: ${text}`);
  if (state === '53100') {
    return problem('NO_SPACE', `${operation}: the disk of the database is full`, {
      hint: 'Make the disk of the PostgreSQL server larger.',
    });
  }
  // 53: too many connections, out of memory; 25006: it stands by; 57014: took too long; 55P03: locked.
  if (state !== null && (state.startsWith('53') || ['25006', '57014', '55P03'].includes(state)))
    return problem('STORE_UNAVAILABLE', `${operation}: ${text}`);
  if (state?.startsWith('XX') === true)
    return problem('STATE_FILE_INVALID', `${operation}: the database is damaged: ${text}`, {
      hint: 'Look at the log of the PostgreSQL server; put back a copy of the database.',
    });
  return problem('INTERNAL', `${operation}: ${text}`);
}
