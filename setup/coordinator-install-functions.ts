/** Shell functions of `longshore-coordinator install`: account, program from its unpacked folder, data, files, start. */
import {
  COORDINATOR_AGENTS,
  COORDINATOR_CONFIG,
  COORDINATOR_PROGRAM,
  COORDINATOR_UNIT,
  COORDINATOR_USER,
} from './coordinator-unit.ts';

/** What the archive of the program holds; nothing else of its folder is copied. */
export const PROGRAM_PARTS = [
  'node',
  'longshore-coordinator',
  'longshore-coordinator.mjs',
  'sqlite-worker.mjs',
  'longshore',
  'longshore.mjs',
  'programs.json',
  'node_modules',
  'web',
] as const;

export const COMMAND_LINKS = ['longshore-coordinator', 'longshore'] as const;

export const COORDINATOR_INSTALL_FUNCTIONS = `refuse() {
  printf 'longshore-coordinator: %s\\n' "$*" >&2
  exit 2
}
account() {
  getent passwd ${COORDINATOR_USER} >/dev/null ||
    useradd --system --user-group --home-dir "$DATA_DIR" --no-create-home --shell /usr/sbin/nologin ${COORDINATOR_USER}
}

# The program's folder gets the checksum of its files as its name, so that the same program is there once.
program_from_folder() {
  local source=$1 sha256 work part parts=()
  for part in ${PROGRAM_PARTS.join(' ')}; do
    [ ! -e "$source/$part" ] || parts+=("$part")
  done
  sha256=$(cd "$source" && find "\${parts[@]}" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64)
  PROGRAM_FOLDER=$PROGRAMS/$sha256
  if [ ! -d "$PROGRAM_FOLDER" ]; then
    mkdir -p "$PROGRAMS"
    rm -rf "$PROGRAMS"/.new.*
    work=$(mktemp -d "$PROGRAMS/.new.XXXXXX")
    for part in "\${parts[@]}"; do cp -R "$source/$part" "$work/"; done
    chown -R root:root "$work"
    chmod -R u=rwX,go=rX "$work"
    sync -f "$work"
    mv "$work" "$PROGRAM_FOLDER"
    log 'program: copied'
  fi
  switch_link "$PROGRAM_FOLDER" ${COORDINATOR_PROGRAM}
  command_link longshore-coordinator
  command_link longshore
  forget_programs "$PROGRAM_FOLDER"
}
# A command of that name that is not ours stays.
command_link() {
  local link=/usr/local/bin/$1 target=${COORDINATOR_PROGRAM}/$1
  if [ -e "$link" ] && [ "$(readlink "$link")" != "$target" ]; then
    log "program: $link is another program and stays; ours is $target"
  else
    switch_link "$target" "$link"
  fi
}
# What install.sh brings to hosts.
agents_from_folder() {
  local file found=0
  for file in "$1"/longshore-agent-linux-x64.tar.gz "$1"/longshore-agent-linux-arm64.tar.gz; do
    [ -f "$file" ] || continue
    found=1
    cmp -s "$file" "${COORDINATOR_AGENTS}/\${file##*/}" || install -D -m 644 "$file" "${COORDINATOR_AGENTS}/\${file##*/}"
  done
  chmod 755 "$PROGRAMS" ${COORDINATOR_AGENTS} 2>/dev/null || true
  if [ "$found" = 0 ] && [ ! -d ${COORDINATOR_AGENTS} ]; then
    log 'agents: none are here, so enroll-token prints no install command; run this again with --agents FOLDER'
  fi
}

# data_folder: its owner is the coordinator, also of data that was copied here from another machine.
data_folder() {
  if [ -d "$DATA_DIR" ] && [ -n "$(find "$DATA_DIR" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ] &&
    [ ! -e "$DATA_DIR/coordinator.db" ] && [ ! -e "$DATA_DIR/secrets.key" ] && [ ! -e "$DATA_DIR/admin-token" ] &&
    [ "$(stat -c %U "$DATA_DIR")" != ${COORDINATOR_USER} ]; then
    refuse "data_dir: $DATA_DIR is not empty and holds no data of a coordinator"
  fi
  install -d -m 700 -o ${COORDINATOR_USER} -g ${COORDINATOR_USER} "$DATA_DIR"
  [ -z "$(find "$DATA_DIR" -xdev ! -user ${COORDINATOR_USER} ! -name lost+found -print -quit)" ] ||
    chown -R ${COORDINATOR_USER}:${COORDINATOR_USER} "$DATA_DIR"
}
# secrets_key FILE: outside of the data folder the coordinator cannot make it. Where there is data, a key that is missing
# is lost, and another one would open nothing.
secrets_key() {
  if [ ! -e "$1" ] && [ ! -e "$DATA_DIR/coordinator.db" ]; then
    mkdir -p "\${1%/*}"
    (
      umask 077
      head -c 32 /dev/urandom | base64 >"$1.new"
    )
    chown ${COORDINATOR_USER}: "$1.new"
    sync "$1.new"
    mv "$1.new" "$1"
    log "secrets: made the key $1; keep a copy of it elsewhere"
  fi
}

can_read() { runuser -u ${COORDINATOR_USER} -- test -r "$1"; }
# readable SETTING FILE: in /etc/longshore it is made so; elsewhere it belongs to somebody else.
readable() {
  local real folder
  [ -e "$2" ] || refuse "$1: $2 does not exist"
  ! can_read "$2" || return 0
  real=$(readlink -f "$2")
  case $real in
    /etc/longshore/*)
      folder=\${real%/*}
      while [ "$folder" != /etc/longshore ]; do
        chgrp ${COORDINATOR_USER} "$folder"
        chmod g+x "$folder"
        folder=\${folder%/*}
      done
      chown ${COORDINATOR_USER} "$real"
      chmod u+r "$real"
      ;;
  esac
  can_read "$2" || refuse "$1: the user ${COORDINATOR_USER} cannot read $2. Put a copy where it can and name that:
  install -D -m 600 $2 /etc/longshore/\${2##*/}"
}

start_and_wait() {
  systemctl enable --quiet ${COORDINATOR_UNIT}
  if [ \${#CHANGED_FILES[@]} -gt 0 ]; then
    systemctl restart ${COORDINATOR_UNIT} || not_started
  else
    systemctl start ${COORDINATOR_UNIT} || not_started
  fi
  all_settled
  log "done: the coordinator of $URL runs"
  log "  settings  ${COORDINATOR_CONFIG}  (then: systemctl restart ${COORDINATOR_UNIT.replace('.service', '')})"
  log "  data      $DATA_DIR"
  if [ -e "$DATA_DIR/admin-token" ]; then
    log "  the first admin token is in $DATA_DIR/admin-token:"
    log "    longshore login $URL --token-file $DATA_DIR/admin-token"
  fi
}
not_started() {
  journalctl --no-pager -q -n 20 -o cat -u ${COORDINATOR_UNIT} >&2 || true
  fail 'the coordinator does not start; its last messages are above'
}
`;
