// The archives that machines get their programs from (dist/programs): the agent's for each platform, which is one
// executable, and the coordinator's, which brings the Node that it runs on.
import { copyFileSync, chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { VERSION } from '../../protocol/product-version.ts';
import { stagePrograms } from '../programs-image/stage-programs.ts';
import { makeBlob, makeExecutable, nodeBinary, type Platform } from './agent-executable.ts';
import { writeProgramArchive } from './program-archive.ts';

export interface ProgramArchive {
  readonly file: string;
  readonly sha256: string;
}

export interface ArchiveOptions {
  /** Replaced as a whole. */
  readonly output: string;
  /** For files of the build. */
  readonly work: string;
  readonly cache: string;
  /** Of the agent; the coordinator is made for x64 alone. */
  readonly platforms: readonly Platform[];
}

/** Writes the archives and `checksums.txt` (form of sha256sum). */
export async function buildProgramArchives(options: ArchiveOptions): Promise<readonly ProgramArchive[]> {
  const { output, work, cache, platforms } = options;
  const fresh = `${output}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const programs = await stagePrograms(path.join(work, 'programs'));
  const blob = makeBlob(cache, path.join(programs, 'longshore-agent.cjs'), path.join(work, 'sea'));
  const archives = await Promise.all([
    ...platforms.map(async (platform) => {
      const tree = path.join(work, `agent-${platform}`);
      mkdirSync(tree);
      await makeExecutable(cache, platform, blob, path.join(tree, 'longshore-agent'));
      chmodSync(path.join(tree, 'longshore-agent'), 0o755);
      return archive(tree, `longshore-agent-linux-${platform}.tar.gz`);
    }),
    archive(coordinatorTree(), 'longshore-coordinator-linux-x64.tar.gz'),
  ]);
  const lines = archives.map(({ file, sha256 }) => `${sha256}  ${file}\n`);
  writeFileSync(path.join(fresh, 'checksums.txt'), lines.join(''));
  chmodSync(path.join(fresh, 'checksums.txt'), 0o644);
  // plan.sh builds with a umask that keeps everyone else out.
  chmodSync(fresh, 0o755);
  rmSync(output, { recursive: true, force: true });
  renameSync(fresh, output);
  rmSync(work, { recursive: true, force: true });
  return archives;

  async function archive(tree: string, file: string): Promise<ProgramArchive> {
    return { file, sha256: await writeProgramArchive(tree, path.join(fresh, file), cache) };
  }

  /** The staged folder without what only an image needs or another archive has. */
  function coordinatorTree(): string {
    for (const name of ['longshore-agent.cjs', 'Dockerfile', 'make-pool-token.sh'])
      rmSync(path.join(programs, name), { force: true });
    copyFileSync(nodeBinary(cache, 'x64'), path.join(programs, 'node'));
    chmodSync(path.join(programs, 'node'), 0o755);
    for (const name of ['longshore-coordinator', 'longshore']) {
      writeFileSync(path.join(programs, name), commandOf(name));
      chmodSync(path.join(programs, name), 0o755);
    }
    writeFileSync(path.join(programs, 'programs.json'), `${JSON.stringify({ version: VERSION })}\n`);
    return programs;
  }
}

/** Runs the bundle with the Node that is beside it, also through a link. */
const commandOf = (name: string): string =>
  `#!/bin/sh
folder=$(dirname "$(readlink -f "$0")")
exec "$folder/node" "$folder/${name}.mjs" "$@"
`;
