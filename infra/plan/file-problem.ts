/**
 * Failures of files and folders that a person named or that their machine has: a full disk, a folder that is a file, one
 * that is somebody else's. They are no fault of this program, and a stack of calls says nothing about them.
 */
import { LongshoreError } from '../../fleet/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'you may not',
  EDQUOT: 'your share of the disk is used up',
  EISDIR: 'it is a folder',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is a file and no folder',
  EEXIST: 'a file of that name is in the way',
  EPERM: 'you may not',
  EROFS: 'the disk is read-only',
};

/** Anything else comes back as it is. */
export function asProblem(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return error;
  const { code, syscall } = error;
  const file = 'path' in error ? error.path : null;
  const reason = typeof code === 'string' ? REASONS[code] : undefined;
  if (reason === undefined || typeof file !== 'string' || typeof syscall !== 'string') return error;
  return new LongshoreError('INFRA_UNREADY', `${syscall} ${file}: ${reason}`, {
    hint: 'Check the path and who owns it, then run it again.',
    cause: error,
  });
}
