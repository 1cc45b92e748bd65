/**
 * `longshore-network-check.timer`: looks every minute whether the rules that this host relies on are still in the
 * kernel. Another firewall's `flush ruleset` (as `systemctl restart nftables` does) takes the metadata guard and Docker's
 * own rules away without anyone noticing. The guard is put back; Docker's rules come back only with a restart of Docker,
 * which is for a person to decide. What was found stands in a file that the agent reads: changing the kernel's rules
 * needs a right that the agent has no other use for.
 */
import type { MachineFile } from './machine-file.ts';
import { ACCESS_UNIT } from './metadata-access.ts';
import { UNIT_HARDENING } from './unit-hardening.ts';

/** `failing|warning`, the part and a sentence, apart by tabs; an empty file: all is well. agent/network-check.ts reads it. */
export const NETWORK_CHECK_RESULT = '/run/longshore/network-check';
/** The rules for what comes in, as `iptables -S` writes them; agent/firewall-input.ts reads them. */
export const FIREWALL_RULES = '/run/longshore/firewall-rules';
const PROGRAM = '/usr/local/lib/longshore/network-check';
const SERVICE = 'longshore-network-check.service';
export const NETWORK_CHECK_TIMER = 'longshore-network-check.timer';
/** A restart of nftables puts the guard back at once, before the next look. */
const NFTABLES_DROP_IN = '/etc/systemd/system/nftables.service.d/longshore.conf';

export function networkCheckFiles(guardTable: string): readonly MachineFile[] {
  const unit = (name: string, text: string): MachineFile => ({
    path: `/etc/systemd/system/${name}`,
    mode: '0644',
    text,
  });
  return [
    { path: PROGRAM, mode: '0755', text: renderProgram(guardTable) },
    unit(SERVICE, renderService()),
    unit(NETWORK_CHECK_TIMER, renderTimer()),
    { path: NFTABLES_DROP_IN, mode: '0644', text: renderDropIn(guardTable) },
  ];
}

function renderProgram(guardTable: string): string {
  return `#!/usr/bin/env bash
# Longshore: are the rules that this host relies on still in the kernel? See docs/machine.md.
set -uo pipefail
lines=''
found() { lines+="$1"$'\\t'"$2"$'\\t'"$3"$'\\n'; }

if [[ $(nft list chain inet longshore_metadata prerouting 2>/dev/null) != *169.254.169.254* ]]; then
  if said=$(nft -f ${guardTable} 2>&1); then
    found warning metadata-guard 'its rules were gone (another program flushed the firewall) and have been put back'
    # Its set is empty now.
    systemctl try-restart --no-block ${ACCESS_UNIT} || true
  else
    found failing metadata-guard "its rules are gone and cannot be put back: \${said//[$'\\n\\t']/ }"
  fi
fi

# Without Docker's rules containers have no way out and published ports no way in. Docker may be told not to make any.
if systemctl is-active --quiet docker && ! grep -Eqs '"iptables"[[:space:]]*:[[:space:]]*false' /etc/docker/daemon.json; then
  if rules=$(iptables -w 5 -t nat -S 2>/dev/null) && [[ $rules != *DOCKER* ]] &&
    ! nft list table ip docker-bridges >/dev/null 2>&1; then
    found failing docker-firewall "Docker's firewall rules are gone (another program flushed them): run \\"systemctl restart docker\\"; with live-restore containers keep running"
  fi
fi

# The agent knows the ports of the ingress, and looks whether these rules let anything in there.
iptables -w 5 -S 2>/dev/null | grep -Ev '^-[AN] (DOCKER|FORWARD|OUTPUT)' >${FIREWALL_RULES}.new
mv ${FIREWALL_RULES}.new ${FIREWALL_RULES}

printf '%s' "$lines" >${NETWORK_CHECK_RESULT}.new && mv ${NETWORK_CHECK_RESULT}.new ${NETWORK_CHECK_RESULT}
`;
}

function renderService(): string {
  return `# Written by the setup of this machine.
[Unit]
Description=Longshore: looks whether this host's firewall rules are in force
After=longshore-metadata-guard.service

[Service]
Type=oneshot
ExecStart=${PROGRAM}
TimeoutStartSec=30
RuntimeDirectory=longshore
RuntimeDirectoryPreserve=yes

${UNIT_HARDENING}ProtectHome=true
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW
`;
}

function renderTimer(): string {
  return `# Written by the setup of this machine.
[Unit]
Description=Longshore: looks every minute whether this host's firewall rules are in force

[Timer]
OnActiveSec=20
OnUnitActiveSec=60
AccuracySec=5

[Install]
WantedBy=timers.target
`;
}

function renderDropIn(guardTable: string): string {
  return `# Written by the setup of this machine: nftables flushes all rules when it starts or loads its own anew.
[Service]
ExecStartPost=-/usr/sbin/nft -f ${guardTable}
ExecStartPost=-/usr/bin/systemctl try-restart --no-block ${ACCESS_UNIT}
ExecReload=-/usr/sbin/nft -f ${guardTable}
ExecReload=-/usr/bin/systemctl try-restart --no-block ${ACCESS_UNIT}
`;
}
