/** Why the file system refused, in words: Node's own text repeats the path and the system call. Pure. */

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
};

/** @param error of a call that has named the path to the reader already */
export function fileFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known = 'code' in error ? WORDS[String(error.code)] : undefined;
  return known ?? error.message;
}
