/**
 * The startup script of a machine on Google Cloud, in its metadata. It only writes files and enables
 * `longshore-setup.service`: systemd then tries again for as long as it takes, so that one failed download strands
 * no machine. The text depends on the role alone: what differs between machines are metadata attributes that the setup
 * reads at each boot, so that a new version or another address replaces no machine.
 */
import { renderAgentSetup } from './agent-setup.ts';
import { renderCoordinatorSetup } from './coordinator-setup.ts';
import { renderWriteFile, WRITE_FILE_FUNCTION, type MachineFile } from './machine-file.ts';
import { renderSetupTimer, renderSetupUnit, SETUP_PROGRAM, SETUP_UNIT_FILE } from './setup-unit.ts';

export type MachineRole = 'agent' | 'coordinator';

/** At most this much fits into one metadata value. */
export const METADATA_VALUE_LIMIT_BYTES = 256 * 1024;

export function renderStartupScript({ role }: { readonly role: MachineRole }): string {
  return `#!/usr/bin/env bash
# Longshore: makes this machine ${role === 'agent' ? 'a host' : 'the coordinator'}. Writes the setup and its units and starts it, at every boot.
# What it does from then on: journalctl -u longshore-setup
set -euo pipefail
umask 022

${WRITE_FILE_FUNCTION}
${startupFiles(role).map(renderWriteFile).join('\n')}
systemctl daemon-reload
systemctl enable --quiet longshore-setup.service longshore-setup.timer
systemctl start longshore-setup.timer
# One that began with the boot goes on, unless it is an older one.
if [ \${#CHANGED_FILES[@]} -gt 0 ]; then
  systemctl restart --no-block longshore-setup.service
elif [ "$(systemctl show -p ExecMainStartTimestampMonotonic --value longshore-setup.service)" = 0 ]; then
  systemctl start --no-block longshore-setup.service
fi
`;
}

function startupFiles(role: MachineRole): readonly MachineFile[] {
  return [
    { path: SETUP_PROGRAM, mode: '0755', text: role === 'agent' ? renderAgentSetup() : renderCoordinatorSetup() },
    { path: SETUP_UNIT_FILE, mode: '0644', text: renderSetupUnit() },
    { path: '/etc/systemd/system/longshore-setup.timer', mode: '0644', text: renderSetupTimer() },
  ];
}
