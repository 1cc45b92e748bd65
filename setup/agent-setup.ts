/**
 * `longshore-setup` of a host on Google Cloud: packages, Docker's settings, the metadata guard, the agent from the
 * bucket, the coordinator's root, the agent's configuration, units. Every step is repeated at each boot and each day,
 * and changes only what is missing or different; the agent starts again only when something of it changed.
 *
 * A host that has run before needs neither the bucket nor the metadata server to go on: its units start by themselves.
 */
import { AGENT_FUNCTIONS } from './agent-functions.ts';
import { renderAgentUnit } from './agent-unit.ts';
import { DISK_FUNCTIONS, VOLUMES_DISK_FUNCTIONS } from './disk-functions.ts';
import { DOCKER_FUNCTIONS, renderDaemonJson } from './docker-setup.ts';
import { DRAIN_PROGRAM, DRAIN_SECONDS_FILE, renderDrainProgram, renderDrainUnit } from './drain-unit.ts';
import { GOOGLE_FUNCTIONS } from './google-functions.ts';
import { renderWriteFile, WRITE_FILE_FUNCTION, type MachineFile } from './machine-file.ts';
import { GUARD_FUNCTIONS, GUARD_TABLE_FILE, guardFiles, renderGuardTable } from './metadata-guard.ts';
import { OS_FUNCTIONS, renderOsFiles } from './os-files.ts';
import { SETUP_FUNCTIONS } from './setup-functions.ts';
import { STANDBY_FUNCTIONS } from './standby-functions.ts';

/** What a host needs before its agent can start. */
export const AGENT_PACKAGES = ['ca-certificates', 'curl', 'openssl', 'nftables', 'docker.io', 'docker-cli'] as const;

export function renderAgentSetup(): string {
  return `#!/usr/bin/env bash
# Longshore: makes and keeps this machine a host. Written by the startup script; changes here are lost.
set -euo pipefail
umask 022

${WRITE_FILE_FUNCTION}
${SETUP_FUNCTIONS}
${GOOGLE_FUNCTIONS}
${DISK_FUNCTIONS}
${VOLUMES_DISK_FUNCTIONS}
${OS_FUNCTIONS}
${GUARD_FUNCTIONS}
${DOCKER_FUNCTIONS}
${STANDBY_FUNCTIONS}
${AGENT_FUNCTIONS}
# --- files that are alike on all hosts; Docker's stand before it starts for the first time ---
${agentFiles().map(renderWriteFile).join('')}
install_packages ${AGENT_PACKAGES.join(' ')}

# --- what differs from machine to machine ---
BUCKET=$(attribute bucket)
COORDINATOR=$(attribute coordinator)
NAME=$(metadata instance/name)
HEALTH_LISTEN=$(attribute health-listen)
ACME_EMAIL=$(attribute acme-email)
TRUSTED_PROXIES=$(attribute trusted-proxies)
METADATA_ACCESS=$(attribute metadata-access)
DRAIN_SECONDS=$(attribute drain-seconds)
required longshore-bucket "$BUCKET"
required longshore-coordinator "$COORDINATOR"
required name "$NAME"
plain longshore-health-listen "$HEALTH_LISTEN"
plain longshore-acme-email "$ACME_EMAIL"
plain longshore-trusted-proxies "\${TRUSTED_PROXIES//,/}"
[[ \${DRAIN_SECONDS:=80} =~ ^[0-9]{1,4}$ ]] || fail 'metadata: longshore-drain-seconds is not a number'
write_file ${DRAIN_SECONDS_FILE} 0644 <<<"$DRAIN_SECONDS"
if [ "$METADATA_ACCESS" = allow ]; then
${renderWriteFile({ path: GUARD_TABLE_FILE, mode: '0644', text: renderGuardTable('allow') })}else
${renderWriteFile({ path: GUARD_TABLE_FILE, mode: '0644', text: renderGuardTable('deny') })}fi
if [ \${#CHANGED_FILES[@]} -gt 0 ]; then systemctl daemon-reload; fi

guard_metadata "$METADATA_ACCESS"
volumes_disk /dev/disk/by-id/google-longshore-volumes
start_docker
machine_agent
choose_coordinators
machine_ca
choose_ingress_image
CONFIG=$(agent_config)
write_file /etc/longshore/agent.yaml 0644 <<<"$CONFIG"
[ -s "$INGRESS_CHOICE" ] || ingress_image
start_agent
care_packages
all_settled
log "setup: done; $(/usr/local/bin/longshore-agent --version)"
`;
}

function agentFiles(): readonly MachineFile[] {
  const unit = (name: string, text: string): MachineFile => ({
    path: `/etc/systemd/system/${name}`,
    mode: '0644',
    text,
  });
  return [
    { path: '/etc/docker/daemon.json', mode: '0644', text: renderDaemonJson() },
    ...renderOsFiles(),
    ...guardFiles(),
    unit('longshore-agent.service', renderAgentUnit()),
    unit('longshore-drain.service', renderDrainUnit()),
    { path: DRAIN_PROGRAM, mode: '0755', text: renderDrainProgram() },
  ];
}
