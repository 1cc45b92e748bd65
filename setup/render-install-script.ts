/**
 * `install.sh`, which a coordinator serves for machines that are not on Google Cloud: it makes a Debian or Ubuntu with
 * systemd a host, and brings an older one up to date. It carries the coordinator's root and the checksums of the agents,
 * so that the checksum of this text alone, which the console prints with the command, vouches for all of them.
 *
 * What belongs to the machine's owner stays as it is: an engine that is there, its settings, updates, a configuration of
 * the agent. The token is read from a file, standard input or the terminal, never from a parameter.
 */
import { shellQuote } from '../fleet/shell-quote.ts';
import { renderAgentUnit } from './agent-unit.ts';
import { renderDaemonJson } from './docker-setup.ts';
import { DRAIN_PROGRAM, DRAIN_SECONDS_FILE, renderDrainProgram, renderDrainUnit } from './drain-unit.ts';
import { INSTALL_FUNCTIONS } from './install-functions.ts';
import { renderWriteFile, WRITE_FILE_FUNCTION, type MachineFile } from './machine-file.ts';
import { GUARD_FUNCTIONS, GUARD_TABLE_FILE, guardFiles, renderGuardTable } from './metadata-guard.ts';
import { SETUP_FUNCTIONS } from './setup-functions.ts';

export interface InstallFacts {
  /** `https://host[:port]`, as the machine reaches it. */
  readonly coordinator: string;
  /** PEM; null: its certificate is one that everybody trusts. */
  readonly root: string | null;
  readonly agents: readonly { readonly platform: 'x64' | 'arm64'; readonly sha256: string; readonly file: string }[];
}

export function renderInstallScript(facts: InstallFacts): string {
  return `#!/usr/bin/env bash
# Longshore: makes this machine a host of ${facts.coordinator}
#
#   bash longshore-install.sh [--name NAME] [--token-file FILE] [--allow-metadata]
#
# Run it again to repair the host or to update its agent.
set -euo pipefail
umask 022

COORDINATOR=${shellQuote(facts.coordinator)}
# Architecture, checksum and file of each agent.
AGENTS=${shellQuote(facts.agents.map(({ platform, sha256, file }) => `${platform} ${sha256} ${file}`).join('\n'))}
CA_FILE=${facts.root === null ? "''" : '/etc/longshore/coordinator-ca.pem'}

${WRITE_FILE_FUNCTION}
${SETUP_FUNCTIONS}
${GUARD_FUNCTIONS}
${INSTALL_FUNCTIONS}
read_arguments "$@"
check_machine
install_engine() {
  if [ ! -e /etc/docker/daemon.json ]; then
${renderWriteFile({ path: '/etc/docker/daemon.json', mode: '0644', text: renderDaemonJson() })}  fi
  install_packages docker.io docker-cli
}
engine_and_tools
${facts.root === null ? '' : renderWriteFile({ path: '/etc/longshore/coordinator-ca.pem', mode: '0644', text: withLineEnd(facts.root) })}
${installFiles().map(renderWriteFile).join('')}
[ -e ${DRAIN_SECONDS_FILE} ] || write_file ${DRAIN_SECONDS_FILE} 0644 <<<80
if [ "$METADATA_ACCESS" = allow ]; then
${renderWriteFile({ path: GUARD_TABLE_FILE, mode: '0644', text: renderGuardTable('allow') })}else
${renderWriteFile({ path: GUARD_TABLE_FILE, mode: '0644', text: renderGuardTable('deny') })}fi
systemctl daemon-reload
guard_metadata "$METADATA_ACCESS"
machine_program
machine_config
start_and_wait
`;
}

function installFiles(): readonly MachineFile[] {
  const unit = (name: string, text: string): MachineFile => ({
    path: `/etc/systemd/system/${name}`,
    mode: '0644',
    text,
  });
  return [
    ...guardFiles(),
    unit('longshore-agent.service', renderAgentUnit()),
    unit('longshore-drain.service', renderDrainUnit()),
    { path: DRAIN_PROGRAM, mode: '0755', text: renderDrainProgram() },
  ];
}

const withLineEnd = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
