/** One hash over a folder: names, whether they are programs, and bytes. The same content gives the same hash anywhere. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

export function contentHash(folder: string): string {
  const hash = createHash('sha256');
  for (const name of filesOf(folder, '')) {
    const file = path.join(folder, name);
    const bytes = readFileSync(file);
    hash.update(`${name}\0${(statSync(file).mode & 0o100) === 0 ? 'file' : 'program'}\0${bytes.length}\0`);
    hash.update(bytes);
  }
  return hash.digest('hex');
}

function filesOf(folder: string, below: string): readonly string[] {
  return readdirSync(path.join(folder, below), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = path.posix.join(below, entry.name);
      return entry.isDirectory() ? filesOf(folder, name) : [name];
    });
}
