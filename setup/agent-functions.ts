/** Shell functions of a host on Google Cloud: its agent's program, trust and configuration. */

export const AGENT_FUNCTIONS = `AGENT_LINK=/usr/local/bin/longshore-agent
# The agent of the channel; one that is there goes on when the channel cannot be read.
machine_agent() {
  local arch
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) fail "program: there is no agent for $(uname -m)" ;;
  esac
  if read_channel "agent-$arch" && install_program "$CHANNEL_SHA256" "$CHANNEL_OBJECT"; then
    switch_link "$PROGRAM_FOLDER/longshore-agent" "$AGENT_LINK"
    forget_programs "$PROGRAM_FOLDER"
  else
    [ -x "$AGENT_LINK" ] || fail 'program: no agent yet'
    log 'program: the channel could not be followed; the agent that is here stays'
  fi
}

CA_FILE=/etc/longshore/coordinator-ca.pem
# The coordinator publishes its root at its first start; a host may be earlier.
machine_ca() {
  local file tries
  file=$(mktemp)
  for tries in {1..100}; do
    if bucket_get ca/root.pem "$file" 2>/dev/null && openssl x509 -in "$file" -noout 2>/dev/null; then
      add_root ca/root-2.pem "$file"
      write_file "$CA_FILE" 0644 <"$file"
      rm -f "$file"
      return 0
    fi
    if [ -s "$CA_FILE" ]; then
      log 'trust: the root could not be read from the bucket; the one that is here stays'
      rm -f "$file"
      return 0
    fi
    [ "$tries" != 1 ] || log 'trust: waiting for the root of the coordinator in the bucket'
    sleep 3
  done
  rm -f "$file"
  fail 'trust: the coordinator has not published its root yet'
}

INGRESS_CHOICE=/etc/longshore/ingress-image
# The ingress image that the fleet names, once it is on this machine: until then the one before goes on.
choose_ingress_image() {
  local file image
  file=$(mktemp)
  if ! bucket_get channels/ingress-image "$file" 2>/dev/null; then
    rm -f "$file"
    return 0
  fi
  image=$(head -c 512 "$file" | head -n 1)
  rm -f "$file"
  if [ "$image" = default ]; then
    rm -f "$INGRESS_CHOICE"
  elif ! [[ $image =~ ^[a-z0-9][A-Za-z0-9._:/@-]{0,254}$ ]]; then
    log 'ingress: what channel ingress-image holds is not the name of an image'
  elif docker image inspect "$image" >/dev/null 2>&1 || timeout 180 docker pull -q "$image" >/dev/null 2>&1; then
    write_file "$INGRESS_CHOICE" 0644 <<<"$image"
  else
    log "ingress: $image cannot be pulled; the image of before stays"
  fi
}

# A token that a person has put here goes before the machine's own identity.
TOKEN_FILE=/etc/longshore/enroll-token
agent_config() {
  local between='", "' image
  image=$(cat "$INGRESS_CHOICE" 2>/dev/null || true)
  printf '# Written by the setup of this machine from its metadata; changes here are lost.\\n'
  printf 'coordinator: ["%s"]\\nca_file: %s\\nname: "%s"\\n' "\${COORDINATOR//,/$between}" "$CA_FILE" "$NAME"
  if [ -e "$TOKEN_FILE" ]; then printf 'enroll_token_file: %s\\n' "$TOKEN_FILE"; else printf 'identity: google\\n'; fi
  if [ -n "$HEALTH_LISTEN$ACME_EMAIL$TRUSTED_PROXIES$image" ]; then printf 'ingress:\\n'; fi
  if [ -n "$image" ]; then printf '  image: "%s"\\n' "$image"; fi
  if [ -n "$HEALTH_LISTEN" ]; then printf '  health_listen: "%s"\\n' "$HEALTH_LISTEN"; fi
  if [ -n "$ACME_EMAIL" ]; then printf '  acme_email: "%s"\\n' "$ACME_EMAIL"; fi
  if [ -n "$TRUSTED_PROXIES" ]; then printf '  trusted_proxies: ["%s"]\\n' "\${TRUSTED_PROXIES//,/$between}"; fi
}

# Restarting it moves no container.
start_agent() {
  local parts=("$AGENT_LINK" "$CA_FILE" /etc/longshore/agent.yaml /etc/systemd/system/longshore-agent.service)
  systemctl enable --quiet longshore-agent.service longshore-drain.service
  if changed "\${parts[@]}"; then
    systemctl restart --no-block longshore-agent.service
  else
    systemctl start --no-block longshore-agent.service
  fi
  settled "\${parts[@]}"
  systemctl start --no-block longshore-drain.service
}
`;
