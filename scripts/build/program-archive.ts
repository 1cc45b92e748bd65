// A folder as tar.gz that depends on nothing but its files: sorted names, no times, no owners. The same tree always has
// the same checksum, so that an unchanged program is no change to Terraform.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pack } from 'tar-stream';

interface TreeFile {
  readonly name: string;
  readonly file: string;
  readonly mode: number;
}

/**
 * Packing a Node binary takes seconds: an archive of the same tree is taken from the cache. The archive holds no secret
 * and is readable by every user, whatever the umask of the build: the coordinator serves it as a user of its own.
 * @returns sha256 of the archive
 */
export async function writeProgramArchive(tree: string, output: string, cache: string): Promise<string> {
  const files = treeFiles(tree);
  const kept = path.join(cache, 'programs', `${treeHash(files)}.tar.gz`);
  if (!existsSync(kept)) {
    mkdirSync(path.dirname(kept), { recursive: true });
    const fresh = `${kept}.${process.pid}`;
    writeFileSync(fresh, await promisify(gzip)(await tarOf(files), { level: 6 }));
    renameSync(fresh, kept);
  }
  copyFileSync(kept, output);
  chmodSync(output, 0o644);
  return createHash('sha256').update(readFileSync(output)).digest('hex');
}

function treeFiles(tree: string): readonly TreeFile[] {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const executable = (statSync(file).mode & 0o111) !== 0;
      return { name: path.relative(tree, file), file, mode: executable ? 0o755 : 0o644 };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function treeHash(files: readonly TreeFile[]): string {
  const hash = createHash('sha256').update('1');
  for (const { name, file, mode } of files) {
    const content = createHash('sha256').update(readFileSync(file)).digest('hex');
    hash.update(`${name}\0${mode}\0${content}\n`);
  }
  return hash.digest('hex');
}

async function tarOf(files: readonly TreeFile[]): Promise<Buffer> {
  const archive = pack();
  const chunks: Buffer[] = [];
  const whole = (async () => {
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  })();
  for (const { name, file, mode } of files)
    archive.entry({ name, mode, mtime: new Date(0), uid: 0, gid: 0 }, readFileSync(file));
  archive.finalize();
  return whole;
}
