/** `longshore-coordinator uninstall [--purge]`: which data it is about, and the script (setup/coordinator-uninstall.ts). */
import path from 'node:path';
import { LongshoreError } from '../../fleet/errors.ts';
import { renderCoordinatorUninstall } from '../../setup/coordinator-uninstall.ts';
import { COORDINATOR_CONFIG, COORDINATOR_DISK } from '../../setup/coordinator-unit.ts';
import { parseCoordinatorConfig } from '../config.ts';
import { parseConfigFile } from '../config/config-file.ts';
import { settingsOfFlags } from '../config/settings.ts';

export const UNINSTALL_USAGE = `longshore-coordinator uninstall [--purge]

Removes unit and program. Data, key of the secrets and settings stay, and install takes them up again; --purge removes
them, and with them all that the coordinator knows of its fleet. Data in PostgreSQL stays always.
`;

/** @returns the script @throws INPUT_INVALID; CONFIG_INVALID where a purge cannot know what to remove */
export function uninstallScript(args: readonly string[], configText: string | null): string {
  const unknown = args.find((arg) => arg !== '--purge');
  if (unknown !== undefined)
    throw new LongshoreError('INPUT_INVALID', `uninstall: there is no argument ${unknown}`, {
      hint: 'longshore-coordinator uninstall [--purge]',
    });
  const purge = args.includes('--purge');
  return renderCoordinatorUninstall({ purge, ...places(configText, purge) });
}

function places(
  configText: string | null,
  purge: boolean,
): Omit<Parameters<typeof renderCoordinatorUninstall>[0], 'purge'> {
  const usual = { dataDir: COORDINATOR_DISK, secretsKeyFile: null, hasDatabase: false };
  if (configText === null) return usual;
  try {
    const file = parseConfigFile(COORDINATOR_CONFIG, configText);
    const config = parseCoordinatorConfig({ file, environment: {}, flags: settingsOfFlags([]), hasDatabaseUrl: false });
    const { dataDir, secretsKeyFile, database } = config;
    const isInside = !path.relative(dataDir, secretsKeyFile).startsWith('..');
    return {
      dataDir,
      secretsKeyFile: isInside ? null : secretsKeyFile,
      hasDatabase: database.kind !== 'sqlite',
    };
  } catch (error) {
    // A broken file keeps nobody from taking the program away.
    if (purge) throw error;
    return usual;
  }
}
