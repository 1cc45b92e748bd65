/** Reads the configuration file: the one that somebody named, which must be there, or else the usual one. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { LongshoreError } from '../../fleet/errors.ts';
import { fileFault } from '../../fleet/file-fault.ts';
import { COORDINATOR_CONFIG } from '../../setup/coordinator-unit.ts';
import { parseConfigFile } from './config-file.ts';
import type { ConfigFile } from './config-file.ts';

/** @throws CONFIG_INVALID */
export async function readConfigFile(named: string | null): Promise<ConfigFile | null> {
  const file = named ?? COORDINATOR_CONFIG;
  if (named === null && !existsSync(file)) return null;
  try {
    return parseConfigFile(file, await readFile(file, 'utf8'));
  } catch (error) {
    const reason = fileFault(error);
    throw new LongshoreError('CONFIG_INVALID', `read the coordinator's configuration ${file}: ${reason}`, {
      cause: error,
    });
  }
}
