/** Shell functions of `install.sh`: arguments, what the machine must be like, program, configuration, and the wait. */

export const INSTALL_FUNCTIONS = `usage() {
  printf 'longshore: %s\\n  bash longshore-install.sh [--name NAME] [--token-file FILE] [--allow-metadata]\\n' "$1" >&2
  exit 2
}
read_arguments() {
  NAME=$(hostname -s 2>/dev/null || cat /etc/hostname)
  GIVEN_TOKEN_FILE=''
  METADATA_ACCESS=deny
  while [ $# -gt 0 ]; do
    case $1 in
      --name | --token-file)
        [ -n "\${2:-}" ] || usage "$1 needs a value"
        if [ "$1" = --name ]; then NAME=$2; else GIVEN_TOKEN_FILE=$2; fi
        shift 2
        ;;
      --allow-metadata)
        METADATA_ACCESS=allow
        shift
        ;;
      *) usage "there is no argument $1" ;;
    esac
  done
  [[ $NAME =~ ^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$ ]] || usage "the name $NAME is not letters, digits, . - _ (at most 63); give one with --name"
  [ -z "$GIVEN_TOKEN_FILE" ] || [ -r "$GIVEN_TOKEN_FILE" ] || usage "the token file $GIVEN_TOKEN_FILE cannot be read"
}

check_machine() {
  [ "$(id -u)" = 0 ] || usage 'root has to run this (sudo)'
  [ -d /run/systemd/system ] || usage 'this machine does not run systemd'
  local arch
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) usage "there is no agent for $(uname -m)" ;;
  esac
  AGENT_SHA256=$(awk -v arch="$arch" '$1 == arch { print $2 }' <<<"$AGENTS")
  AGENT_FILE=$(awk -v arch="$arch" '$1 == arch { print $3 }' <<<"$AGENTS")
  [ -n "$AGENT_SHA256" ] || usage "this coordinator has no agent for $arch"
}

# An engine that is there is the owner's.
engine_and_tools() {
  local tools=() tool
  for tool in curl nft; do
    command -v "$tool" >/dev/null || tools+=("\${tool/nft/nftables}")
  done
  if [ \${#tools[@]} -gt 0 ] || ! command -v docker >/dev/null; then
    command -v apt-get >/dev/null ||
      fail "this is not Debian or Ubuntu: install Docker Engine \${tools[*]} by hand, then run this again"
  fi
  [ \${#tools[@]} -eq 0 ] || install_packages "\${tools[@]}"
  if command -v dockerd >/dev/null || docker version >/dev/null 2>&1; then log 'engine: the one that is here'; else install_engine; fi
  systemctl start docker.service || fail 'engine: docker.service does not start; see journalctl -u docker'
}

fetch_program() {
  curl -fsS --connect-timeout 10 --max-time 900 \${CA_FILE:+--cacert "$CA_FILE"} -o "$3" "$COORDINATOR/install/$2"
}
machine_program() {
  install_program "$AGENT_SHA256" "$AGENT_FILE" || fail "program: could not get $AGENT_FILE from $COORDINATOR"
  switch_link "$PROGRAM_FOLDER/longshore-agent" /usr/local/bin/longshore-agent
  ! changed /usr/local/bin/longshore-agent || log "program: $(/usr/local/bin/longshore-agent --version)"
  forget_programs "$PROGRAM_FOLDER"
}

# An agent that has its identity needs no token.
IDENTITY=/var/lib/longshore-agent/identity.json
TOKEN_FILE=/etc/longshore/enroll-token
is_enrolled() { [ -s "$IDENTITY" ] && grep -Eq '"enrolled" *: *[{]' "$IDENTITY"; }
machine_config() {
  local config=/etc/longshore/agent.yaml token=''
  if ! is_enrolled; then
    if [ -n "$GIVEN_TOKEN_FILE" ]; then
      token=$(tr -d '[:space:]' <"$GIVEN_TOKEN_FILE")
    elif [ ! -t 0 ]; then
      token=$(tr -d '[:space:]')
    else
      read -rsp 'Enrolment token: ' token
      echo
    fi
    [ -n "$token" ] || usage 'no enrolment token was given; longshore enroll-token makes one'
    # printf is the shell's own: the token stands in no command line.
    (
      umask 077
      printf '%s\\n' "$token" >"$TOKEN_FILE"
    )
  fi
  if [ -e "$config" ]; then
    grep -qF "\${COORDINATOR/#http/ws}" "$config" ||
      fail "configuration: $config is of another coordinator; run longshore-agent re-enrol --coordinator \${COORDINATOR/#http/ws} --enroll-token-file FILE"
    log "configuration: $config stays as it is"
    return 0
  fi
  write_file "$config" 0644 <<<"# Written by install.sh; it is yours from now on. All settings: longshore-agent --help
coordinator: \${COORDINATOR/#http/ws}
name: \\"$NAME\\"
enroll_token_file: $TOKEN_FILE\${CA_FILE:+
ca_file: $CA_FILE}"
}

start_and_wait() {
  local tries status=''
  systemctl enable --quiet longshore-agent.service longshore-drain.service
  if [ \${#CHANGED_FILES[@]} -gt 0 ]; then
    systemctl restart --no-block longshore-agent.service
  else
    systemctl start --no-block longshore-agent.service
  fi
  all_settled
  systemctl start --no-block longshore-drain.service
  for tries in {1..60}; do
    if is_enrolled; then
      # It was good for one identity, which the agent has now.
      rm -f "$TOKEN_FILE"
      log "done: this machine is host $NAME of $COORDINATOR"
      return 0
    fi
    status=$(systemctl show -p StatusText --value longshore-agent.service)
    [ "$tries" = 60 ] || sleep 1
  done
  fail "the agent runs but has not enrolled yet: \${status:-see journalctl -u longshore-agent}"
}
`;
