/**
 * The archives of agent and coordinator that Terraform uploads (D31), as `npm run build:programs` left them. Known by
 * their sha256, so that the same program is never uploaded twice.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LongshoreError } from '../fleet/errors.ts';
import type { Architecture } from './fleet-file/fleet-config.ts';

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

/** @throws INFRA_UNREADY where the folder has no complete set */
export function readPrograms(folder: string): Programs {
  const list = path.join(folder, CHECKSUMS_FILE);
  if (!existsSync(list)) throw notBuilt(`there is no ${list}`);
  const archives = new Map(
    readFileSync(list, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const match = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line);
        return match?.[1] === undefined || match[2] === undefined
          ? []
          : [[match[2], { path: path.resolve(folder, match[2]), file: match[2], sha256: match[1] }] as const];
      }),
  );
  const find = (file: string): ProgramArchive | null => {
    const found = archives.get(file);
    return found !== undefined && existsSync(found.path) ? found : null;
  };
  const coordinator = find('longshore-coordinator-linux-x64.tar.gz');
  if (coordinator === null) throw notBuilt(`${folder} has no archive of the coordinator`);
  return {
    agents: { x64: find('longshore-agent-linux-x64.tar.gz'), arm64: find('longshore-agent-linux-arm64.tar.gz') },
    coordinator,
  };
}

function notBuilt(why: string): LongshoreError {
  return new LongshoreError('INFRA_UNREADY', `read the programs to upload: ${why}`, {
    hint: 'Build them with `npm run build:programs`.',
  });
}
