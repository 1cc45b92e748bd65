/**
 * `longshore-coordinator install`: makes a Linux machine with systemd the coordinator, and repairs or updates one. The
 * configuration is written once and belongs to the operator from then on.
 */
import { COORDINATOR_INSTALL_FUNCTIONS } from './coordinator-install-functions.ts';
import {
  COORDINATOR_CONFIG,
  COORDINATOR_DATA_DROP_IN,
  COORDINATOR_DISK,
  COORDINATOR_UNIT_FILE,
  renderCoordinatorUnit,
  renderDataDropIn,
} from './coordinator-unit.ts';
import { renderWriteFile, WRITE_FILE_FUNCTION } from './machine-file.ts';
import { SETUP_FUNCTIONS } from './setup-functions.ts';
import { shellWord } from './shell-word.ts';

export interface CoordinatorInstallFacts {
  /** The unpacked archive that holds the program. */
  readonly programFolder: string;
  /** Where the archives of agents are looked for. */
  readonly agentsFolder: string;
  /** Null: there is one, and it stays. */
  readonly configText: string | null;
  readonly dataDir: string;
  /** Null: in the data directory, where the coordinator makes it. */
  readonly secretsKeyFile: string | null;
  /** Files that the coordinator reads, by their setting. */
  readonly read: readonly { readonly setting: string; readonly file: string }[];
  /** As people reach it. */
  readonly url: string;
}

export function renderCoordinatorInstall(facts: CoordinatorInstallFacts): string {
  const { programFolder, agentsFolder, configText, dataDir, secretsKeyFile, read, url } = facts;
  const isElsewhere = dataDir !== COORDINATOR_DISK;
  const key = secretsKeyFile === null ? '' : `secrets_key ${shellWord(secretsKeyFile)}\n`;
  return `#!/usr/bin/env bash
# Longshore: makes this machine a coordinator.
set -euo pipefail
umask 022
DATA_DIR=${shellWord(dataDir)}
URL=${shellWord(url)}

${WRITE_FILE_FUNCTION}
${SETUP_FUNCTIONS}
${COORDINATOR_INSTALL_FUNCTIONS}
account
data_folder
${key}${read.map(({ setting, file }) => `readable ${setting} ${shellWord(file)}\n`).join('')}program_from_folder ${shellWord(programFolder)}
agents_from_folder ${shellWord(agentsFolder)}
${configText === null ? `log 'configuration: ${COORDINATOR_CONFIG} stays as it is'\n` : renderWriteFile({ path: COORDINATOR_CONFIG, mode: '0644', text: configText })}
${renderWriteFile({ path: COORDINATOR_UNIT_FILE, mode: '0644', text: renderCoordinatorUnit('state-directory') })}
${isElsewhere ? renderWriteFile({ path: COORDINATOR_DATA_DROP_IN, mode: '0644', text: renderDataDropIn(dataDir) }) : `rm -f ${COORDINATOR_DATA_DROP_IN}\n`}
systemctl daemon-reload
start_and_wait
`;
}
