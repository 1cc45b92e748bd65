/**
 * `longshore-setup` of the coordinator's machine: packages, the data disk, certificates, Caddy, the program from the
 * bucket, its configuration and unit. Repeated at each boot and each day like a host's; Caddy and the coordinator start
 * again only when something of theirs changed. The root is published only after the coordinator could be started: hosts
 * that find it can enrol.
 */
import { COORDINATOR_FUNCTIONS } from './coordinator-functions.ts';
import { COORDINATOR_DISK, renderCoordinatorUnit } from './coordinator-unit.ts';
import { DISK_FUNCTIONS, DISK_MARK } from './disk-functions.ts';
import { GOOGLE_FUNCTIONS } from './google-functions.ts';
import { renderWriteFile, WRITE_FILE_FUNCTION, type MachineFile } from './machine-file.ts';
import { OS_FUNCTIONS, renderOsFiles } from './os-files.ts';
import { SETUP_FUNCTIONS } from './setup-functions.ts';
import { STANDBY_FUNCTIONS } from './standby-functions.ts';

export const COORDINATOR_PACKAGES = ['ca-certificates', 'curl', 'openssl', 'e2fsprogs', 'caddy'] as const;

export function renderCoordinatorSetup(): string {
  return `#!/usr/bin/env bash
# Longshore: makes and keeps this machine the coordinator. Written by the startup script; changes here are lost.
set -euo pipefail
umask 022

${WRITE_FILE_FUNCTION}
${SETUP_FUNCTIONS}
${GOOGLE_FUNCTIONS}
${DISK_FUNCTIONS}
${OS_FUNCTIONS}
${STANDBY_FUNCTIONS}
${COORDINATOR_FUNCTIONS}
# --- files that are alike on all coordinators ---
${coordinatorFiles().map(renderWriteFile).join('')}
install_packages ${COORDINATOR_PACKAGES.join(' ')}

# --- what differs ---
PROJECT=$(metadata project/project-id)
BUCKET=$(attribute bucket)
INTERNAL_ADDRESS=$(attribute internal-address)
PUBLIC_ADDRESS=$(attribute public-address)
DOMAIN=$(attribute domain)
ACME_EMAIL=$(attribute acme-email)
SECRET_PREFIX=$(attribute secret-prefix)
DATABASE=$(attribute database)
STANDBY=$(attribute standby)
required project "$PROJECT"
required longshore-bucket "$BUCKET"
required longshore-internal-address "$INTERNAL_ADDRESS"
required longshore-secret-prefix "$SECRET_PREFIX"
plain longshore-public-address "$PUBLIC_ADDRESS"
plain longshore-domain "$DOMAIN"
plain longshore-acme-email "$ACME_EMAIL"
plain longshore-database "$DATABASE"
if [ \${#CHANGED_FILES[@]} -gt 0 ]; then systemctl daemon-reload; fi

data_disk /dev/disk/by-id/google-longshore-data ${COORDINATOR_DISK}
coordinator_user
authority
certificate
COORDINATOR="wss://$INTERNAL_ADDRESS"
choose_coordinators
roots
CONFIG=$(caddy_config)
write_file /etc/caddy/Caddyfile 0644 <<<"$CONFIG"
start_caddy
coordinator_program
CONFIG=$(coordinator_config)
write_file /etc/longshore/coordinator.yaml 0644 <<<"$CONFIG"
start_coordinator
publish_root
agents_to_install
care_packages
all_settled
log 'setup: done'
`;
}

function coordinatorFiles(): readonly MachineFile[] {
  return [
    ...renderOsFiles(),
    {
      path: '/etc/systemd/system/longshore-coordinator.service',
      mode: '0644',
      text: renderCoordinatorUnit('data-disk'),
    },
    { path: '/etc/systemd/system/caddy.service.d/longshore.conf', mode: '0644', text: CADDY_DROP_IN },
  ];
}

/** Its account with the certificate authority is on the data disk, too. */
const CADDY_DROP_IN = `[Unit]
RequiresMountsFor=${COORDINATOR_DISK}
AssertPathExists=${COORDINATOR_DISK}/${DISK_MARK}

[Service]
Restart=on-failure
RestartSec=2
`;
