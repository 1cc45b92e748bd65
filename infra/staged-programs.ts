/**
 * Copies of the archives under paths that hold their checksums. Terraform's state remembers the path that an object was
 * uploaded from and reads that file at every plan: it must never hold another program later. It also lets a saved plan
 * upload what it was made with, whatever was built since.
 */
import { constants, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { LongshoreError } from '../fleet/errors.ts';
import { fileHash } from './plan/configuration-hash.ts';
import type { ProgramArchive, Programs } from './programs.ts';

/**
 * @param folder absolute
 * @throws INFRA_UNREADY where an archive is no longer the one that was checked
 */
export function stagePrograms({ agents, coordinator }: Programs, folder: string): Programs {
  const staged = (archive: ProgramArchive | null): ProgramArchive | null =>
    archive === null ? null : stage(archive, folder);
  return {
    agents: { x64: staged(agents.x64), arm64: staged(agents.arm64) },
    coordinator: stage(coordinator, folder),
  };
}

function stage({ path: source, file, sha256 }: ProgramArchive, folder: string): ProgramArchive {
  const target = path.join(folder, sha256, file);
  if (existsSync(target) && fileHash(target) === sha256) return { path: target, file, sha256 };
  mkdirSync(path.dirname(target), { recursive: true });
  const fresh = `${target}.${process.pid}`;
  copyFileSync(source, fresh, constants.COPYFILE_FICLONE);
  if (fileHash(fresh) !== sha256) {
    rmSync(fresh);
    throw new LongshoreError('INFRA_UNREADY', `copy ${source}: it changed while the plan was made`, {
      hint: 'Wait until the build that writes it has ended, then plan again.',
    });
  }
  renameSync(fresh, target);
  return { path: target, file, sha256 };
}
