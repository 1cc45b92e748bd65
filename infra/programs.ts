/**
 * The archives of agent and coordinator that Terraform uploads, as `npm run build:programs` left them. Known by
 * their sha256, so that the same program is never uploaded twice.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LongshoreError, type ProblemDetail } from '../fleet/errors.ts';
import type { Architecture } from './fleet-file/fleet-config.ts';
import { fileHash } from './plan/configuration-hash.ts';

export interface ProgramArchive {
  /** Absolute. */
  readonly path: string;
  /** File name, without folder. */
  readonly file: string;
  readonly sha256: string;
}

export interface Programs {
  /** Null where none was built for that processor. */
  readonly agents: Readonly<Record<Architecture, ProgramArchive | null>>;
  readonly coordinator: ProgramArchive;
}

export const CHECKSUMS_FILE = 'checksums.txt';

/**
 * What is given out under a checksum is what has it: each archive is read once.
 * @param needed processors of the fleet's machines
 * @throws INFRA_UNREADY with everything that is missing or damaged
 */
export function readPrograms(folder: string, needed: readonly Architecture[]): Programs {
  const listed = readChecksums(path.join(folder, CHECKSUMS_FILE));
  const problems: ProblemDetail[] = [];
  const wrong = (where: string, message: string): void => {
    problems.push({ path: where, message, line: null, column: null });
  };
  const find = (file: string, isNeeded: boolean): ProgramArchive | null => {
    const archive = { path: path.resolve(folder, file), file };
    const sha256 = listed?.get(file);
    if (!existsSync(archive.path)) {
      if (isNeeded) wrong(archive.path, 'does not exist');
      return null;
    }
    if (sha256 === undefined) {
      if (isNeeded && listed !== null) wrong(path.join(folder, CHECKSUMS_FILE), `does not name ${file}`);
      return null;
    }
    if (fileHash(archive.path) !== sha256)
      wrong(archive.path, `is not the file of ${CHECKSUMS_FILE}: its checksum is another`);
    return { ...archive, sha256 };
  };
  if (listed === null) wrong(path.join(folder, CHECKSUMS_FILE), 'does not exist');
  const coordinator = find('longshore-coordinator-linux-x64.tar.gz', true);
  const agents = {
    x64: find('longshore-agent-linux-x64.tar.gz', needed.includes('x64')),
    arm64: find('longshore-agent-linux-arm64.tar.gz', needed.includes('arm64')),
  };
  if (coordinator === null || problems.length > 0)
    throw new LongshoreError('INFRA_UNREADY', `read the programs to upload from ${folder}`, {
      details: problems,
      hint: `Build them with \`npm run build:programs -- ${[...new Set(['x64', ...needed])].join(' ')}\`, and copy all of dist/programs where they are used elsewhere.`,
    });
  return { agents, coordinator };
}

/** File name to checksum; null: there is no list. */
function readChecksums(list: string): ReadonlyMap<string, string> | null {
  if (!existsSync(list)) return null;
  return new Map(
    readFileSync(list, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, sha256, file] = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line) ?? [];
        return sha256 === undefined || file === undefined ? [] : [[file, sha256] as const];
      }),
  );
}
