/** Joins paths with `/`, without touching a disk. Absolute paths stay as they are. */

export function joinPath(base: string, path: string): string {
  if (path.startsWith('/')) return normalizePath(path);
  return normalizePath(base === '' ? path : `${base}/${path}`);
}

/** Folder of a file; `.` where the path names none. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : normalizePath(path.slice(0, slash));
}

export function lastName(path: string): string {
  return normalizePath(path).split('/').pop() ?? '';
}

export function normalizePath(path: string): string {
  const absolute = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts[parts.length - 1] !== '..') parts.pop();
    else if (part !== '..' || !absolute) parts.push(part);
  }
  const joined = parts.join('/');
  if (absolute) return `/${joined}`;
  return joined === '' ? '.' : joined;
}
