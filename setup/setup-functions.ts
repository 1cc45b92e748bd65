/**
 * Shell functions of every setup: what changed, log, packages, and the atomic installation of a program by its checksum.
 * Each can be called again at any time and changes nothing when there is nothing to change.
 */
import { CHANGE_FUNCTIONS } from './change-functions.ts';

export const SETUP_FUNCTIONS = `${CHANGE_FUNCTIONS}log() { printf '%s\\n' "$*"; }
fail() {
  printf 'longshore: %s\\n' "$*" >&2
  exit 1
}

# What dpkg says is in /var/log/apt/term.log.
apt_get() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -qq -y --no-install-recommends \\
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \\
    -o Acquire::Retries=1 -o Acquire::http::Timeout=15 "$@" </dev/null >/dev/null
}
package_is_there() { [ "$(dpkg-query -W -f '\${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
install_packages() {
  local package missing=()
  for package in "$@"; do
    package_is_there "$package" || missing+=("$package")
  done
  [ \${#missing[@]} -gt 0 ] || return 0
  log "packages: \${missing[*]}"
  # What a power loss left half done.
  dpkg --configure -a >/dev/null || log 'packages: dpkg is busy'
  timeout 600 bash -c "$(declare -f apt_get); apt_get update" ||
    log 'packages: the lists could not be renewed; those on the disk are used'
  apt_get install "\${missing[@]}" || fail "packages: could not install \${missing[*]}"
  log 'packages: done'
}

# Puts the archive of a program with this checksum beside the older ones; PROGRAM_FOLDER is where it is then.
# fetch_program SHA256 OBJECT FILE gets it; who calls decides from where. Called within a condition, where the shell does
# not end at a command that fails: every step says itself what follows.
PROGRAMS=/usr/local/lib/longshore
install_program() {
  local sha256=$1 object=$2 work
  PROGRAM_FOLDER=$PROGRAMS/$sha256
  [ ! -d "$PROGRAM_FOLDER" ] || return 0
  mkdir -p "$PROGRAMS" || return 1
  rm -rf "$PROGRAMS"/.new.*
  work=$(mktemp -d "$PROGRAMS/.new.XXXXXX") || return 1
  log "program: fetching $object"
  if ! fetch_program "$sha256" "$object" "$work/archive.tar.gz"; then
    rm -rf "$work"
    return 1
  fi
  if ! printf '%s  %s\\n' "$sha256" "$work/archive.tar.gz" | sha256sum --check --quiet --status; then
    rm -rf "$work"
    log "program: $object has not the checksum that was announced; it is not used"
    return 1
  fi
  # The disk may be full and power may fail at any moment: what has the final name is whole.
  if mkdir "$work/tree" && tar -xzf "$work/archive.tar.gz" -C "$work/tree" --no-same-owner &&
    chmod 755 "$work/tree" && sync -f "$work/tree" && mv "$work/tree" "$PROGRAM_FOLDER"; then
    rm -rf "$work"
  else
    rm -rf "$work"
    log "program: $object could not be unpacked; it is not used"
    return 1
  fi
}
# switch_link TARGET LINK, atomically; one that it has to switch is changed.
switch_link() {
  [ "$(readlink "$2" 2>/dev/null)" != "$1" ] || return 0
  mkdir -p "\${2%/*}"
  ln -s "$1" "$2.new.$$"
  note_change "$2"
  mv -Tf "$2.new.$$" "$2"
}
# Keeps the programs named, those in use (a machine may be host and coordinator) and the newest other one, to go back to
# by hand.
forget_programs() {
  local folder kept=0 used
  used="$(readlink -f "$PROGRAMS/coordinator") $(readlink -f /usr/local/bin/longshore-agent)" || true
  while read -r folder; do
    case " $* $used/" in *" $folder "* | *" $folder/"*) continue ;; esac
    kept=$((kept + 1))
    [ "$kept" -le 1 ] || rm -rf "$folder"
  done < <(find "$PROGRAMS" -mindepth 1 -maxdepth 1 -type d -regex '.*/[0-9a-f]+' -printf '%T@ %p\\n' | sort -rn | cut -d' ' -f2)
}
`;
