/**
 * What a machine of the fleet has of its own system: security updates by themselves, a journal that never fills the
 * disk, a right clock. Docker, containerd and runc are kept out of what updates by itself: their restart would touch
 * every app of the host at a time that nobody chose. Theirs, and what waits for a reboot, come when somebody drains
 * the host and makes it anew or restarts it (docs/machine.md).
 */
import type { MachineFile } from './machine-file.ts';

export function renderOsFiles(): readonly MachineFile[] {
  return [
    { path: '/etc/apt/apt.conf.d/52longshore', mode: '0644', text: UNATTENDED_UPGRADES },
    { path: '/etc/needrestart/conf.d/longshore.conf', mode: '0644', text: NEEDRESTART },
    { path: '/etc/systemd/system.conf.d/longshore.conf', mode: '0644', text: STOP_LIMIT },
    { path: JOURNAL_FILE, mode: '0644', text: '[Journal]\nSystemMaxUse=500M\nRuntimeMaxUse=100M\n' },
    { path: CLOCK_FILE, mode: '0644', text: '[Time]\nNTP=metadata.google.internal\n' },
  ];
}

const JOURNAL_FILE = '/etc/systemd/journald.conf.d/longshore.conf';
const CLOCK_FILE = '/etc/systemd/timesyncd.conf.d/longshore.conf';

/**
 * Containers outlive Docker's daemon, so it is systemd that ends them when the machine goes down: SIGTERM to all, then
 * SIGKILL after this time. A program that ignores the first would hold up every reboot for the default of 90 s.
 */
const STOP_LIMIT = '[Manager]\nDefaultTimeoutStopSec=30s\n';

const UNATTENDED_UPGRADES = `// Written by the setup of this machine.
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
APT::Periodic::AutocleanInterval "7";
// These come when somebody drains the host and makes it anew, or updates it by hand.
Unattended-Upgrade::Package-Blacklist {
  "^docker\\.io$";
  "^docker-cli$";
  "^containerd$";
  "^runc$";
};
Unattended-Upgrade::Automatic-Reboot "false";
`;

const NEEDRESTART = `# Written by the setup of this machine.
$nrconf{restart} = 'a';
$nrconf{override_rc}{qr(^docker)} = 0;
$nrconf{override_rc}{qr(^containerd)} = 0;
$nrconf{override_rc}{qr(^longshore)} = 0;
1;
`;

export const OS_FUNCTIONS = `# Comes last: nothing that runs has to wait for it. Debian's images differ in what keeps the clock; one is enough.
care_packages() {
  local package clock=systemd-timesyncd
  for package in chrony ntpsec; do
    if package_is_there "$package"; then clock=$package; fi
  done
  install_packages unattended-upgrades needrestart "$clock"
  if changed ${JOURNAL_FILE}; then systemctl restart systemd-journald.service; fi
  if changed ${CLOCK_FILE} && package_is_there systemd-timesyncd; then
    systemctl try-restart systemd-timesyncd.service || log 'clock: systemd-timesyncd could not start again'
  fi
}
`;
