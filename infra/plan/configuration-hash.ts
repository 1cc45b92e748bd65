/**
 * What a plan was made from, as one hash: every file of the synthesised configuration, which names the programs by
 * their checksums. What Terraform itself puts into that folder does not count.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export function configurationHash(folder: string): string {
  const hash = createHash('sha256');
  for (const name of filesOf(folder, '')) {
    const bytes = readFileSync(path.join(folder, name));
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

export function fileHash(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function filesOf(folder: string, below: string): readonly string[] {
  return readdirSync(path.join(folder, below), { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.terraform'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = path.join(below, entry.name);
      return entry.isDirectory() ? filesOf(folder, name) : [name];
    });
}
