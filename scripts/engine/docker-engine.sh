# shellcheck shell=bash
# The Docker Engine: the one that is reachable, or one that we start where nothing else does.

engine_reachable() { command -v docker >/dev/null && docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

engine_version() { docker version --format '{{.Server.Version}}' 2>/dev/null; }

engine_up() {
  engine_reachable && return 0
  if [ -n "${DOCKER_HOST:-}" ]; then
    give_up "no Docker Engine answers at DOCKER_HOST=$DOCKER_HOST" 'Start it, or unset DOCKER_HOST to use the local one.'
  fi
  if [ "$(id -u)" != 0 ]; then
    give_up 'no Docker Engine is reachable, and only root can start one' \
      'Start Docker, or give yourself access (usermod -aG docker YOU, then log in again), or run this as root.'
  fi
  if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
    say 'Installing docker.io ...'
    apt_install docker.io iptables ca-certificates || give_up 'Docker is not installed and apt could not install it' \
      'Debian, Ubuntu: apt-get update && apt-get install docker.io' \
      'Others: install Docker Engine 20.10 or newer from your distribution.' \
      "What apt said: $STATE/apt.log"
    engine_reachable && return 0
  fi
  say 'Starting dockerd ...'
  if [ -d /run/systemd/system ] && systemctl start docker 2>/dev/null; then
    engine_wait && return 0
  fi
  # Left behind by a dockerd that was killed, and then believed by the next one.
  pid_runs /var/run/docker.pid dockerd || rm -f /var/run/docker.pid
  setsid nohup dockerd >"$STATE/dockerd.log" 2>&1 </dev/null 9>&- &
  printf '%s\n' $! >"$STATE/dockerd.pid"
  engine_wait || {
    tail -5 "$STATE/dockerd.log" >&2
    give_up 'dockerd was started but does not answer' "Its log: $STATE/dockerd.log"
  }
}

engine_wait() {
  local tries
  for tries in $(seq 1 300); do
    engine_reachable && return 0
    [ "$tries" -gt 20 ] && [ -f "$STATE/dockerd.pid" ] && ! pid_runs "$STATE/dockerd.pid" dockerd && return 1
    sleep 0.2
  done
  return 1
}

# Only an engine that we started is stopped.
engine_down() { stop_pid "$STATE/dockerd.pid" dockerd; }
