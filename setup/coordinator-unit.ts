/**
 * `longshore-coordinator.service`: the one truth about the coordinator's unit. It runs as a user of its own, listens on
 * loopback behind Caddy, and writes nothing but its folder on the data disk; it does not start where that disk is not.
 */
import { DISK_MARK } from './disk-functions.ts';
import { UNIT_HARDENING } from './unit-hardening.ts';

export const COORDINATOR_USER = 'longshore-coordinator';
/** Where the data disk is mounted. */
export const COORDINATOR_DISK = '/var/lib/longshore-coordinator';
export const COORDINATOR_DATA = `${COORDINATOR_DISK}/data`;
/** Archives that `install.sh` brings to machines elsewhere. */
export const COORDINATOR_AGENTS = '/usr/local/lib/longshore/agents';
/** Link to the folder of the program that runs. */
export const COORDINATOR_PROGRAM = '/usr/local/lib/longshore/coordinator';

export function renderCoordinatorUnit(): string {
  return `# Longshore coordinator. See docs/operations.md.
[Unit]
Description=Longshore coordinator
Wants=network-online.target
After=network-online.target
# All state is on the data disk: without it, or on a disk that is not ours, it must not begin a second life.
RequiresMountsFor=${COORDINATOR_DISK}
AssertPathExists=${COORDINATOR_DISK}/${DISK_MARK}
StartLimitIntervalSec=0

[Service]
Type=exec
User=${COORDINATOR_USER}
Group=${COORDINATOR_USER}
ExecStart=${COORDINATOR_PROGRAM}/node ${COORDINATOR_PROGRAM}/longshore-coordinator.mjs --config /etc/longshore/coordinator.yaml
Restart=always
RestartSec=2
# 2: the configuration or the data cannot be used. A person has to act first.
RestartPreventExitStatus=2
TimeoutStopSec=60
UMask=0077
LimitNOFILE=65536

${UNIT_HARDENING}ReadWritePaths=${COORDINATOR_DATA}
ProtectHome=true
ProtectProc=invisible
CapabilityBoundingSet=

[Install]
WantedBy=multi-user.target
`;
}
