/**
 * Shell functions of a fleet's machines where there may be two coordinators: which addresses there are, and the root of
 * each. Both stand in the bucket, so that a machine learns of a standby at its next boot or within a day. What was learned
 * stays where the bucket does not answer.
 */

export const STANDBY_FUNCTIONS = `COORDINATORS_FILE=/etc/longshore/coordinators
# Sets COORDINATOR to the addresses of the channel, separated by a comma; without them it stays as it is.
choose_coordinators() {
  local file list
  file=$(mktemp)
  if bucket_get channels/coordinators "$file" 2>/dev/null; then
    list=$(head -c 512 "$file" | head -n 1)
    if [[ $list =~ ^wss://[A-Za-z0-9.:-]+(,wss://[A-Za-z0-9.:-]+)?$ ]]; then
      write_file "$COORDINATORS_FILE" 0644 <<<"$list"
    else
      log 'coordinator: channel coordinators does not hold one or two addresses'
    fi
  fi
  rm -f "$file"
  if [ -s "$COORDINATORS_FILE" ]; then COORDINATOR=$(cat "$COORDINATORS_FILE"); fi
}

OTHER_ROOT_FILE=/etc/longshore/other-root.pem
# add_root OBJECT FILE: with two coordinators, adds the root of the object to the roots in the file.
add_root() {
  local file
  if [[ $COORDINATOR != *,* ]]; then
    rm -f "$OTHER_ROOT_FILE"
    return 0
  fi
  file=$(mktemp)
  if bucket_get "$1" "$file" 2>/dev/null && openssl x509 -in "$file" -noout 2>/dev/null; then
    write_file "$OTHER_ROOT_FILE" 0644 <"$file"
  elif [ ! -s "$OTHER_ROOT_FILE" ]; then
    log "trust: $1 is not in the bucket yet; the setup looks again in 10 minutes"
    setup_again 10min
  fi
  rm -f "$file"
  if [ -s "$OTHER_ROOT_FILE" ]; then cat "$OTHER_ROOT_FILE" >>"$2"; fi
}
setup_again() {
  systemctl is-active --quiet longshore-setup-again.timer ||
    systemd-run --quiet --collect --unit=longshore-setup-again --on-active="$1" systemctl start --no-block longshore-setup.service ||
    log 'setup: could not be planned again; the daily run does it'
}
`;
