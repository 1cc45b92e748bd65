/**
 * `longshore-agent uninstall`: takes away what `install.sh` brought. Docker, its containers and what the host has to
 * remember stay; a purge takes the containers and networks of this host, too, but never a volume.
 */
import { renderDaemonJson } from './docker-setup.ts';
import { DRAIN_PROGRAM, DRAIN_SECONDS_FILE } from './drain-unit.ts';
import { GUARD_TABLE_FILE, guardFiles } from './metadata-guard.ts';
import { shellWord } from './shell-word.ts';
import { FOLDER_FUNCTION } from './uninstall-functions.ts';

export interface AgentUninstallFacts {
  readonly purge: boolean;
  readonly dataDir: string;
  /** Null: it never enrolled, so nothing in Docker is its own. */
  readonly host: string | null;
}

const CA_FILE = '/etc/longshore/coordinator-ca.pem';
/** In the order in which they are stopped; the guard comes later, because Docker depends on it. */
const UNITS = [
  'longshore-drain.service',
  'longshore-agent.service',
  'longshore-network-check.timer',
  'longshore-network-check.service',
  'longshore-metadata-access.service',
] as const;

export function renderAgentUninstall({ purge, dataDir, host }: AgentUninstallFacts): string {
  const files = [
    ...['longshore-agent.service', 'longshore-drain.service'].map((unit) => `/etc/systemd/system/${unit}`),
    ...guardFiles().map(({ path }) => path),
    DRAIN_PROGRAM,
    DRAIN_SECONDS_FILE,
    GUARD_TABLE_FILE,
  ];
  const isOwn = host !== null && purge;
  return `#!/usr/bin/env bash
# Longshore: this machine is no longer a host.
set -euo pipefail
DATA_DIR=${shellWord(dataDir)}
HOST=${host === null ? "''" : shellWord(host)}

${FOLDER_FUNCTION}
${DOCKER_FUNCTIONS}
${isOwn ? "docker info >/dev/null 2>&1 || {\n  echo 'longshore-agent: the Docker Engine does not answer: start it first, or leave --purge out' >&2\n  exit 1\n}\n" : ''}for unit in ${UNITS.join(' ')}; do
  systemctl disable --quiet --now "$unit" 2>/dev/null || true
done
# Docker requires the guard: its end would be Docker's, unless nothing knows of that any more.
systemctl disable --quiet longshore-metadata-guard.service 2>/dev/null || true
rm -f ${files.join(' ')}
for folder in nftables.service longshore-agent.service; do
  rmdir --ignore-fail-on-non-empty "/etc/systemd/system/$folder.d" 2>/dev/null || true
done
systemctl daemon-reload
systemctl stop longshore-metadata-guard.service 2>/dev/null || true
nft delete table inet longshore_metadata 2>/dev/null || true
systemctl reset-failed 'longshore-*' 2>/dev/null || true
rm -f /usr/local/bin/longshore-agent
remove_programs longshore-agent
rm -rf /run/longshore
echo 'removed: agent, drain, metadata guard, network check'
docker_settings
${isOwn ? 'objects_of_host\n' : ''}${purge ? renderPurge() : renderKept()}`;
}

const DOCKER_FUNCTIONS = `# A file that somebody has changed is theirs. Docker reads it at its next start only.
docker_settings() {
  local file=/etc/docker/daemon.json
  [ -e "$file" ] || return 0
  if cmp -s "$file" - <<'END_OF_FILE'
${renderDaemonJson()}END_OF_FILE
  then
    rm "$file"
    echo "removed: $file; after Docker's next restart it has no live-restore: containers then stop while it restarts"
  else
    echo "kept: $file, which is not as Longshore wrote it"
  fi
}
# What bears this host's label. Volumes stay, also those without a name.
objects_of_host() {
  local ids networks images volumes
  ids=$(docker ps --all --quiet --filter "label=longshore.host=$HOST")
  if [ -n "$ids" ]; then xargs docker rm --force >/dev/null <<<"$ids"; fi
  networks=$(docker network ls --quiet --filter "label=longshore.host=$HOST")
  if [ -n "$networks" ]; then
    xargs docker network rm >/dev/null <<<"$networks" || echo 'kept: networks that other containers use'
  fi
  images=$(docker image ls --format '{{.Repository}}:{{.Tag}}' | grep "^longshore\\.local/$HOST/" || true)
  if [ -n "$images" ]; then xargs docker rmi >/dev/null <<<"$images" || true; fi
  echo "removed: containers and networks of host $HOST"
  volumes=$(docker volume ls --quiet --filter "label=longshore.host=$HOST")
  if [ -n "$volumes" ]; then
    echo 'kept: volumes, which hold data. To delete them for good:'
    while read -r volume; do echo "  docker volume rm $volume"; done <<<"$volumes"
  fi
}
`;

function renderPurge(): string {
  return `rm -f /etc/longshore/agent.yaml /etc/longshore/enroll-token ${CA_FILE}
rm -rf /etc/systemd/system/longshore-agent.service.d
rmdir --ignore-fail-on-non-empty /etc/longshore 2>/dev/null || true
systemctl daemon-reload
if [ -e "$DATA_DIR/identity.json" ] || [ ! -e "$DATA_DIR" ]; then
  remove_folder "$DATA_DIR"
else
  printf 'longshore-agent: %s holds no identity of an agent and is not removed\\n' "$DATA_DIR" >&2
  exit 1
fi
printf 'removed: data and keys (%s), settings\\n' "$DATA_DIR"
if [ -n "$HOST" ]; then echo "  where the coordinator still lists it: longshore hosts remove $HOST"; fi
`;
}

function renderKept(): string {
  return `printf 'kept: data and keys (%s), /etc/longshore/agent.yaml, containers, networks, volumes\\n' "$DATA_DIR"
echo '  containers run on, and nobody updates them; install.sh makes this machine the same host again'
if [ -n "$HOST" ]; then echo "  to forget it at the coordinator: longshore hosts remove $HOST; to remove the rest: uninstall --purge"; fi
`;
}
