/**
 * `longshore-metadata-access.service`, on machines whose metadata guard may be opened: it keeps the guard's set equal to
 * the addresses of the running containers whose service opts in (`x-longshore.metadata: allow`, which the agent writes on
 * the container as a label). Everything else of the machine stays shut out. A service of its own, because whoever changes
 * the kernel's rules needs a right that the agent has no other use for.
 *
 * It fails shut: an engine that does not answer empties the set. A packet that comes before its container is in the set
 * is dropped, not refused, so that a connection is only made a moment later.
 */
import { UNIT_HARDENING } from './unit-hardening.ts';

export const ACCESS_PROGRAM = '/usr/local/lib/longshore/metadata-access';
export const ACCESS_UNIT = 'longshore-metadata-access.service';
/** Of a container that may ask; agent/engine/engine-labels.ts writes it. */
const ACCESS_LABEL = 'longshore.metadata=allow';

export function renderAccessUnit(): string {
  return `# Written by the setup of this machine.
[Unit]
Description=Longshore: lets the containers that opt in reach the metadata server
After=docker.service longshore-metadata-guard.service
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${ACCESS_PROGRAM}
Restart=always
RestartSec=2

${UNIT_HARDENING}ProtectHome=true
CapabilityBoundingSet=CAP_NET_ADMIN

[Install]
WantedBy=multi-user.target
`;
}

export function renderAccessProgram(): string {
  return `#!/usr/bin/env bash
# Longshore: which containers of this host may ask the metadata server. See docs/machine.md.
set -euo pipefail
fill() {
  local addresses
  addresses=$(docker ps -q --no-trunc --filter label=${ACCESS_LABEL} |
    xargs -r docker inspect -f '{{range .NetworkSettings.Networks}}{{println .IPAddress}}{{end}}' |
    grep -E '^[0-9]+(\\.[0-9]+){3}$' | sort -u | paste -sd,) || true
  {
    echo 'flush set inet longshore_metadata allowed'
    if [ -n "$addresses" ]; then echo "add element inet longshore_metadata allowed { $addresses }"; fi
  } | nft -f -
}
# From before the first look on, so that nothing falls between the two. The look once a minute repairs what others did.
docker events --since "$(date +%s)" --format '{{.Action}}' --filter type=container \\
  --filter label=${ACCESS_LABEL} --filter event=start --filter event=die | {
  fill
  while read -r -t 60 || [ $? -gt 128 ]; do fill; done
}
# The engine has gone: nobody is let through until it says again who may.
nft flush set inet longshore_metadata allowed
exit 1
`;
}
