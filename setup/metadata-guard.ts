/**
 * Keeps containers from becoming the host (D33): the metadata server gives the machine's identity to whoever asks, and
 * a container's question is routed like any other. A table of our own drops what comes in from anywhere with that
 * destination; the machine itself sends by another hook and is not touched. DNS passes: on Google Cloud the resolver has
 * the same address.
 */

export const GUARD_TABLE_FILE = '/etc/longshore/metadata-guard.nft';

/** IPv4, and its twin for IPv6. Other clouds have the first one, too. */
const METADATA_ADDRESSES = { ip: '169.254.169.254', ip6: 'fd20:ce::254' } as const;

export function renderGuardTable(access: 'deny' | 'allow'): string {
  const rules = Object.entries(METADATA_ADDRESSES)
    .map(([family, address]) => `    ${family} daddr ${address} meta l4proto { tcp, udp } th dport != 53 drop\n`)
    .join('');
  // The table is made before it is deleted, so that this works whether or not it is there, and in one step.
  return `#!/usr/sbin/nft -f
# Containers and the metadata server of the cloud: ${access === 'deny' ? 'nothing but DNS' : "allowed by this machine's metadata"}.
table inet longshore_metadata
delete table inet longshore_metadata
table inet longshore_metadata {
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
${access === 'deny' ? rules : ''}  }
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

[Install]
WantedBy=multi-user.target
RequiredBy=docker.service
`;
}

/** Each run puts all of it in force anew, in one step: somebody may have flushed the rules and left the table. */
export const GUARD_FUNCTIONS = `guard_metadata() {
  systemctl enable --quiet longshore-metadata-guard.service
  systemctl start longshore-metadata-guard.service
  nft -f ${GUARD_TABLE_FILE} || fail 'metadata guard: the kernel refused its rules'
}
`;
