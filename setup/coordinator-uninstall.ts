/** `longshore-coordinator uninstall`: takes away what `install` brought; the data stays unless it is purged. */
import { COMMAND_LINKS } from './coordinator-install-functions.ts';
import {
  COORDINATOR_AGENTS,
  COORDINATOR_CONFIG,
  COORDINATOR_DATA_DROP_IN,
  COORDINATOR_PROGRAM,
  COORDINATOR_UNIT,
  COORDINATOR_UNIT_FILE,
  COORDINATOR_USER,
} from './coordinator-unit.ts';
import { shellWord } from './shell-word.ts';
import { FOLDER_FUNCTION } from './uninstall-functions.ts';

export interface CoordinatorUninstallFacts {
  readonly purge: boolean;
  readonly dataDir: string;
  /** Null: in the data directory. */
  readonly secretsKeyFile: string | null;
  /** Its rows are in PostgreSQL, which nothing here touches. */
  readonly hasDatabase: boolean;
}

export function renderCoordinatorUninstall(facts: CoordinatorUninstallFacts): string {
  const { purge, secretsKeyFile, hasDatabase } = facts;
  const key = secretsKeyFile === null ? null : shellWord(secretsKeyFile);
  return `#!/usr/bin/env bash
# Longshore: this machine is no coordinator any more.
set -euo pipefail
DATA_DIR=${shellWord(facts.dataDir)}

${FOLDER_FUNCTION}
systemctl disable --quiet --now ${COORDINATOR_UNIT} 2>/dev/null || true
rm -f ${COORDINATOR_UNIT_FILE} ${COORDINATOR_DATA_DROP_IN}
rmdir --ignore-fail-on-non-empty ${COORDINATOR_UNIT_FILE}.d 2>/dev/null || true
systemctl daemon-reload
systemctl reset-failed ${COORDINATOR_UNIT} 2>/dev/null || true
for name in ${COMMAND_LINKS.join(' ')}; do
  if [ "$(readlink "/usr/local/bin/$name")" = "${COORDINATOR_PROGRAM}/$name" ]; then rm "/usr/local/bin/$name"; fi
done
rm -rf ${COORDINATOR_PROGRAM} ${COORDINATOR_AGENTS}
remove_programs longshore-coordinator.mjs
echo 'removed: unit and program of the coordinator'
${purge ? renderPurge(key) : renderKept(key)}${hasDatabase ? "echo 'kept: the data in PostgreSQL'\n" : ''}`;
}

function renderPurge(key: string | null): string {
  return `if [ -d "$DATA_DIR" ]; then
  if [ "$(stat -c %U "$DATA_DIR")" != ${COORDINATOR_USER} ]; then
    printf 'longshore-coordinator: %s does not belong to ${COORDINATOR_USER} and is not removed\\n' "$DATA_DIR" >&2
    exit 1
  fi
  remove_folder "$DATA_DIR"
fi
rm -f ${COORDINATOR_CONFIG} ${key ?? ''}
rm -rf ${COORDINATOR_UNIT_FILE}.d
rmdir --ignore-fail-on-non-empty /etc/longshore 2>/dev/null || true
if getent passwd ${COORDINATOR_USER} >/dev/null; then userdel ${COORDINATOR_USER}; fi
printf 'removed: data (%s), settings, key of the secrets, user ${COORDINATOR_USER}\\n' "$DATA_DIR"
if [ -d /etc/longshore ]; then echo 'kept: what else is in /etc/longshore (certificates are yours)'; fi
`;
}

function renderKept(key: string | null): string {
  return `printf 'kept: data (%s)%s, ${COORDINATOR_CONFIG}, user ${COORDINATOR_USER}\\n' "$DATA_DIR" ${key === null ? "''" : `", key of the secrets ("${key}")"`}
echo '  longshore-coordinator install takes them up again; uninstall --purge removes them'
`;
}
