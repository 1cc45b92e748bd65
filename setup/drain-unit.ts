/**
 * `longshore-drain.service`: it does nothing while the machine runs, and when the machine powers off its end drains
 * the host, while Docker, the agent and the network are still there. Not at a reboot: then the apps come back by
 * themselves, and moving them would cost more than it saves.
 */
import { UNIT_HARDENING } from './unit-hardening.ts';

export const DRAIN_PROGRAM = '/usr/local/lib/longshore/drain';
export const DRAIN_SECONDS_FILE = '/etc/longshore/drain-seconds';

export function renderDrainUnit(): string {
  return `# Written by the setup of this machine.
[Unit]
Description=Longshore: drains this host at power-off
# Stopped in the reverse order: before all of these.
After=docker.service longshore-agent.service network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=-${DRAIN_PROGRAM}
TimeoutStopSec=10min

${UNIT_HARDENING}ProtectHome=read-only
UMask=0077
# The agent's socket and configuration, whoever they belong to.
CapabilityBoundingSet=CAP_DAC_OVERRIDE

[Install]
WantedBy=multi-user.target
`;
}

export function renderDrainProgram(): string {
  return `#!/usr/bin/env bash
# Longshore: drains this host when the machine powers off. Best effort: it never holds up the end for longer than told.
set -euo pipefail
jobs=$(systemctl list-jobs --no-legend 2>/dev/null || true)
grep -Eq ' (poweroff|halt)\\.target +start' <<<"$jobs" || exit 0
seconds=$(cat ${DRAIN_SECONDS_FILE} 2>/dev/null || echo 80)
exec timeout "$((seconds + 5))" /usr/local/bin/longshore-agent drain --timeout "$seconds"
`;
}
