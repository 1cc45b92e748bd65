// The folder that the image of all programs is built from: bundles, page, native parts and the Dockerfile. It is made
// apart from dist/, so that a build of that one can run at the same time; the same source gives the same bytes.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { besideCoordinator, programs } from '../build/programs.ts';
import { buildWeb } from '../build/web.ts';

export const DEFAULT_FOLDER = path.resolve('.cache/programs-image');

/** Replaces the folder as a whole. @returns its absolute path */
export async function stagePrograms(folder: string = DEFAULT_FOLDER): Promise<string> {
  const work = `${folder}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  await Promise.all([
    ...programs.map(({ entry, output, options }) =>
      build({
        ...options,
        sourcemap: false,
        entryPoints: [entry],
        outfile: path.join(work, path.basename(output)),
      }),
    ),
    buildWeb(path.join(work, 'web')),
  ]);
  for (const name of besideCoordinator) {
    if (existsSync(`node_modules/${name}`))
      cpSync(`node_modules/${name}`, path.join(work, 'node_modules', name), { recursive: true });
  }
  for (const file of ['Dockerfile', 'make-pool-token.sh'])
    cpSync(`scripts/programs-image/${file}`, path.join(work, file));
  openToAll(work);
  rmSync(folder, { recursive: true, force: true });
  renameSync(work, folder);
  return folder;
}

/** In the image other users read these than whoever staged them, perhaps with a umask that lets nobody else. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) openToAll(file);
    else chmodSync(file, (statSync(file).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
