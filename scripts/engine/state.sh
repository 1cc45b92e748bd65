# shellcheck shell=bash
# Where the development engine keeps its processes, logs and downloads, and the lock that makes every step of it
# safe to run twice at once. Sourced by scripts/engine.sh.

state_dir() {
  if [ -n "${LONGSHORE_DEV_STATE:-}" ]; then
    printf '%s\n' "$LONGSHORE_DEV_STATE"
  elif [ "$(id -u)" = 0 ]; then
    printf '%s\n' /var/lib/longshore-dev
  else
    printf '%s\n' "${XDG_STATE_HOME:-$HOME/.local/state}/longshore-dev"
  fi
}

STATE=$(state_dir)

say() { printf '%s\n' "$*" >&2; }

# Exit code 2: something is missing that only a person can give.
give_up() {
  say "longshore: $1"
  shift
  local line
  for line in "$@"; do say "  $line"; done
  exit 2
}

# Daemons that are started under the lock must close descriptor 9, or they would hold the lock for ever.
take_lock() {
  mkdir -p "$STATE"
  if command -v flock >/dev/null; then
    exec 9>"$STATE/lock"
    flock 9
  fi
}

# What a process was started as; from /proc where there is one, as a bare machine has no ps.
command_of() {
  if [ -r "/proc/$1/cmdline" ]; then tr '\0' ' ' <"/proc/$1/cmdline"; else ps -p "$1" -o args= 2>/dev/null; fi
}

# A pid file is believed only when that process still runs the program that it names.
pid_runs() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 1
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && command_of "$pid" | grep -q -- "$2"
}

stop_pid() {
  local pid tries
  pid_runs "$1" "$2" || { rm -f "$1"; return 0; }
  pid=$(cat "$1")
  kill "$pid" 2>/dev/null || true
  for tries in $(seq 1 150); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
    [ "$tries" = 149 ] && kill -9 "$pid" 2>/dev/null
  done
  rm -f "$1"
}
