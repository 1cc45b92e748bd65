/**
 * `longshore-coordinator.service`: the one truth about the coordinator's unit. It runs as a user of its own and writes
 * nothing but its data. On Google Cloud it listens on loopback behind Caddy, and does not start without its data disk.
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

export const COORDINATOR_CONFIG = '/etc/longshore/coordinator.yaml';
export const COORDINATOR_UNIT = 'longshore-coordinator.service';
export const COORDINATOR_UNIT_FILE = `/etc/systemd/system/${COORDINATOR_UNIT}`;
/** Where the data is somewhere else than systemd's state directory. */
export const COORDINATOR_DATA_DROP_IN = `${COORDINATOR_UNIT_FILE}.d/data-dir.conf`;

export function renderDataDropIn(dataDir: string): string {
  return `# Written by longshore-coordinator install: the data_dir of its settings.
[Unit]
RequiresMountsFor=${dataDir}

[Service]
ReadWritePaths=${dataDir}
`;
}

/**
 * @param place where its data is: on the data disk of a machine on Google Cloud, without which it does not start, or in
 *   the state directory that systemd makes for it
 */
export function renderCoordinatorUnit(place: 'data-disk' | 'state-directory'): string {
  const isDisk = place === 'data-disk';
  const disk = `# All state is on the data disk: without it, or on a disk that is not ours, it must not begin a second life.
RequiresMountsFor=${COORDINATOR_DISK}
AssertPathExists=${COORDINATOR_DISK}/${DISK_MARK}
`;
  const state = `StateDirectory=${lastName(COORDINATOR_DISK)}
StateDirectoryMode=0700
`;
  return `# Longshore coordinator. See docs/operations.md.
[Unit]
Description=Longshore coordinator
Wants=network-online.target
After=network-online.target
${isDisk ? disk : ''}StartLimitIntervalSec=0

[Service]
Type=notify
# READY, STATUS and WATCHDOG come from a helper program that the coordinator starts.
NotifyAccess=all
User=${COORDINATOR_USER}
Group=${COORDINATOR_USER}
ExecStart=${COORDINATOR_PROGRAM}/node ${COORDINATOR_PROGRAM}/longshore-coordinator.mjs --config ${COORDINATOR_CONFIG}
Restart=always
RestartSec=2
# 2: the configuration or the data cannot be used. A person has to act first.
RestartPreventExitStatus=2
# A first start may move all data to PostgreSQL.
TimeoutStartSec=15min
TimeoutStopSec=60
WatchdogSec=60
UMask=0077
LimitNOFILE=65536

${UNIT_HARDENING}${
    isDisk
      ? `ReadWritePaths=${COORDINATOR_DATA}
`
      : state
  }ProtectHome=true
ProtectProc=invisible
${
  isDisk
    ? 'CapabilityBoundingSet='
    : `# For ports below 1024.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE`
}

[Install]
WantedBy=multi-user.target
`;
}

const lastName = (folder: string): string => folder.slice(folder.lastIndexOf('/') + 1);
