/**
 * `longshore-setup.service`: the setup at every boot and, by its timer, once a day, when it looks for another version of
 * its program. It never gives up: a mirror, a bucket or the coordinator may be away for longer than any limit.
 */

import { SETUP_HARDENING } from './unit-hardening.ts';

export const SETUP_UNIT_FILE = '/etc/systemd/system/longshore-setup.service';
export const SETUP_PROGRAM = '/usr/local/lib/longshore/setup';

export function renderSetupUnit(): string {
  return `# Written by the startup script of this machine's metadata at every boot.
[Unit]
Description=Longshore: setup of this machine
Wants=network-online.target
After=network-online.target
# It is tried until it succeeds, however long that takes.
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=${SETUP_PROGRAM}
Restart=on-failure
RestartSec=15
TimeoutStartSec=1h

${SETUP_HARDENING}
[Install]
WantedBy=multi-user.target
`;
}

export function renderSetupTimer(): string {
  return `# Written by the startup script of this machine's metadata at every boot.
[Unit]
Description=Longshore: daily look at the setup of this machine

[Timer]
OnCalendar=daily
# Not all machines at once.
RandomizedDelaySec=6h

[Install]
WantedBy=timers.target
`;
}
