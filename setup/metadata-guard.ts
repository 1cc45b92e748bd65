/**
 * Keeps containers from becoming the host: the metadata server gives the machine's identity to whoever asks, and
 * a container's question is routed like any other. A table of our own drops what comes in from anywhere with that
 * destination; the machine itself sends by another hook and is not touched. DNS passes: on Google Cloud the resolver has
 * the same address. Where the machine allows it, those pass that the set names: the containers that opt in.
 */
import { ACCESS_PROGRAM, ACCESS_UNIT, renderAccessProgram, renderAccessUnit } from './metadata-access.ts';
import { NETWORK_CHECK_TIMER, networkCheckFiles } from './network-check.ts';
import type { MachineFile } from './machine-file.ts';
import { UNIT_HARDENING } from './unit-hardening.ts';

export const GUARD_TABLE_FILE = '/etc/longshore/metadata-guard.nft';

/** IPv4, and its twin for IPv6. Other clouds have the first one, too. */
const METADATA_ADDRESSES = { ip: '169.254.169.254', ip6: 'fd20:ce::254' } as const;

export function renderGuardTable(access: 'deny' | 'allow'): string {
  const drop = 'meta l4proto { tcp, udp } th dport != 53 drop';
  // Containers are in the set by their IPv4 address, which is what the networks of apps have.
  const others = access === 'allow' ? 'ip saddr != @allowed ' : '';
  // The table is made before it is deleted, so that this works whether or not it is there, and in one step.
  return `#!/usr/sbin/nft -f
# Containers and the metadata server of the cloud: ${access === 'deny' ? 'nothing but DNS' : 'nothing but DNS, except for those that opt in'}.
table inet longshore_metadata
delete table inet longshore_metadata
table inet longshore_metadata {
${access === 'allow' ? '  set allowed {\n    type ipv4_addr\n  }\n' : ''}  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    ip daddr ${METADATA_ADDRESSES.ip} ${others}${drop}
    ip6 daddr ${METADATA_ADDRESSES.ip6} ${drop}
  }
}
`;
}

export function renderGuardUnit(): string {
  return `# Written by the setup of this machine.
[Unit]
Description=Longshore: keeps containers from the metadata server
# Before any container can run.
Before=docker.service
Wants=network-pre.target
After=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${GUARD_TABLE_FILE}
ExecReload=/usr/sbin/nft -f ${GUARD_TABLE_FILE}

${UNIT_HARDENING}ProtectHome=true
UMask=0077
CapabilityBoundingSet=CAP_NET_ADMIN

[Install]
WantedBy=multi-user.target
RequiredBy=docker.service
`;
}

/** Each run puts all of it in force anew, in one step: somebody may have flushed the rules and left the table. */
export const GUARD_FUNCTIONS = `# guard_metadata ACCESS
guard_metadata() {
  systemctl enable --quiet longshore-metadata-guard.service
  systemctl start longshore-metadata-guard.service
  nft -f ${GUARD_TABLE_FILE} || fail 'metadata guard: the kernel refused its rules'
  systemctl enable --quiet --now ${NETWORK_CHECK_TIMER}
  if [ "$1" = allow ]; then
    # Its set is empty now.
    systemctl enable --quiet ${ACCESS_UNIT}
    systemctl restart --no-block ${ACCESS_UNIT}
  else
    systemctl disable --quiet --now ${ACCESS_UNIT}
  fi
}
`;

/** Files of the guard that are alike on all hosts. */
export function guardFiles(): readonly MachineFile[] {
  return [
    { path: '/etc/systemd/system/longshore-metadata-guard.service', mode: '0644', text: renderGuardUnit() },
    { path: `/etc/systemd/system/${ACCESS_UNIT}`, mode: '0644', text: renderAccessUnit() },
    ...networkCheckFiles(GUARD_TABLE_FILE),
    { path: ACCESS_PROGRAM, mode: '0755', text: renderAccessProgram() },
  ];
}
