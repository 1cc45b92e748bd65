/** What crosses between the coordinator's thread and the thread of the database. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { StoredEvent } from './records.ts';

export type WorkerRequest =
  | { readonly kind: 'call'; readonly id: number; readonly useCase: string; readonly args: unknown }
  | { readonly kind: 'close' };

export type WorkerReply =
  /** The database is open and its schema is of this version. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'answers'; readonly answers: readonly WorkerAnswer[]; readonly appended: readonly StoredEvent[] }
  /** What keeps it from writing; null = nothing any more. */
  | { readonly kind: 'obstacle'; readonly text: string | null }
  | { readonly kind: 'closed' };

export type WorkerAnswer =
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly problem: Problem };

/** An exception as data, since only data crosses a thread. What is no LongshoreError is a fault of ours or of the disk. */
export function toProblem(error: unknown, operation: string): Problem {
  if (error instanceof LongshoreError) return error.problem;
  const text = error instanceof Error ? error.message : String(error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (code.startsWith('SQLITE_CONSTRAINT')) return new LongshoreError('CONFLICT', `${operation}: ${text}`).problem;
  if (code === 'SQLITE_FULL') {
    return new LongshoreError('NO_SPACE', `${operation}: the coordinator's disk is full`, {
      hint: 'Free space in the data directory of the coordinator.',
    }).problem;
  }
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) {
    return new LongshoreError('STATE_FILE_INVALID', `${operation}: the database is damaged: ${text}`).problem;
  }
  if (code === 'SQLITE_BUSY') {
    return new LongshoreError('STORE_UNAVAILABLE', `${operation}: another program has locked the database`, {
      hint: 'End what has coordinator.db open; a backup needs no lock. The call can be repeated.',
    }).problem;
  }
  if (/^SQLITE_(IOERR|CANTOPEN|READONLY|PERM)/.test(code)) {
    return new LongshoreError('STORE_UNAVAILABLE', `${operation}: ${text}`, {
      hint: 'Look at the disk and at the permissions of the data directory of the coordinator. Nothing was written.',
    }).problem;
  }
  return new LongshoreError('INTERNAL', `${operation}: ${text}`).problem;
}

/** A problem of the other side, as it is thrown here. */
export function fromProblem(problem: Problem): LongshoreError {
  return new LongshoreError(problem.code, problem.message, { hint: problem.hint, details: problem.details });
}
