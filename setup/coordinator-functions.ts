/**
 * Shell functions of the coordinator's machine: user and folders, its own certificate authority, Caddy in front, program
 * and configuration.
 *
 * The authority is openssl's and not Caddy's, because one certificate has to stand for both of the machine's addresses:
 * a client that dials an address names none in its handshake, and the public one is translated on the way, so that the
 * machine never sees which was dialled.
 */
import {
  COORDINATOR_AGENTS,
  COORDINATOR_DATA,
  COORDINATOR_DISK,
  COORDINATOR_PROGRAM,
  COORDINATOR_USER,
} from './coordinator-unit.ts';

export const COORDINATOR_FUNCTIONS = `DISK=${COORDINATOR_DISK}
AUTHORITY=$DISK/authority
TLS=/etc/longshore/tls

coordinator_user() {
  getent passwd ${COORDINATOR_USER} >/dev/null ||
    useradd --system --user-group --home-dir ${COORDINATOR_DATA} --no-create-home --shell /usr/sbin/nologin ${COORDINATOR_USER}
  chmod 755 "$DISK"
  # By name: the user's number may be another one on the machine that comes after this.
  install -d -m 700 -o ${COORDINATOR_USER} -g ${COORDINATOR_USER} ${COORDINATOR_DATA}
  [ "$(stat -c %U ${COORDINATOR_DATA}/coordinator.db 2>/dev/null || echo ${COORDINATOR_USER})" = ${COORDINATOR_USER} ] ||
    chown -R ${COORDINATOR_USER}:${COORDINATOR_USER} ${COORDINATOR_DATA}
}

# The root is made once and stays with the data: agents trust nothing else.
authority() {
  install -d -m 700 "$AUTHORITY"
  [ ! -s "$AUTHORITY/root.pem" ] || return 0
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7300 -subj "/CN=Longshore $BUCKET" \\
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' \\
    -keyout "$AUTHORITY/root.key" -out "$AUTHORITY/root.pem.new" 2>/dev/null || fail 'authority: openssl could not make the root'
  chmod 600 "$AUTHORITY/root.key"
  sync "$AUTHORITY/root.key" "$AUTHORITY/root.pem.new"
  mv "$AUTHORITY/root.pem.new" "$AUTHORITY/root.pem"
}
# Renewed a month before its end, by the daily run, and when an address changed.
certificate() {
  local names="IP:$INTERNAL_ADDRESS" work
  # Without a public address people come through a tunnel, whose other end is their own machine.
  if [ -z "$PUBLIC_ADDRESS" ]; then names="$names,IP:127.0.0.1,DNS:localhost"; fi
  if [ -n "$PUBLIC_ADDRESS" ] && [ "$PUBLIC_ADDRESS" != "$INTERNAL_ADDRESS" ]; then names="$names,IP:$PUBLIC_ADDRESS"; fi
  install -d -m 750 -o root -g caddy "$TLS"
  if [ "$(cat "$TLS/names" 2>/dev/null)" = "$names" ] && openssl x509 -in "$TLS/cert.pem" -noout -checkend 2592000 >/dev/null 2>&1 &&
    openssl verify -CAfile "$AUTHORITY/root.pem" "$TLS/cert.pem" >/dev/null 2>&1; then return 0; fi
  work=$(mktemp -d "$TLS/.new.XXXXXX")
  {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$INTERNAL_ADDRESS" \\
      -keyout "$work/key.pem" -out "$work/request.pem" &&
      openssl x509 -req -in "$work/request.pem" -CA "$AUTHORITY/root.pem" -CAkey "$AUTHORITY/root.key" -days 90 \\
        -set_serial "0x$(openssl rand -hex 16)" -out "$work/cert.pem" -extfile <(printf '%s\\n' "subjectAltName=$names" \\
        'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' 'extendedKeyUsage=serverAuth')
  } 2>/dev/null || fail 'authority: openssl could not make the certificate'
  chgrp caddy "$work/key.pem" "$work/cert.pem"
  chmod 640 "$work/key.pem" "$work/cert.pem"
  note_change "$TLS/cert.pem"
  mv "$work/key.pem" "$TLS/key.pem"
  mv "$work/cert.pem" "$TLS/cert.pem"
  rm -rf "$work"
  printf '%s' "$names" >"$TLS/names"
  log "authority: certificate for $names"
}
# Each coordinator has a root of its own; machines trust both.
root_objects() { if [ "$STANDBY" = yes ]; then echo ca/root-2.pem ca/root.pem; else echo ca/root.pem ca/root-2.pem; fi; }
# What install.sh brings.
roots() {
  local file other
  file=$(mktemp)
  cat "$AUTHORITY/root.pem" >"$file"
  read -r _ other < <(root_objects)
  add_root "$other" "$file"
  write_file /etc/longshore/root.pem 0644 <"$file"
  rm -f "$file"
}
publish_root() {
  local file own
  read -r own _ < <(root_objects)
  file=$(mktemp)
  if ! bucket_get "$own" "$file" 2>/dev/null || ! cmp -s "$file" "$AUTHORITY/root.pem"; then
    bucket_put "$AUTHORITY/root.pem" "$own" || fail 'trust: the root could not be written to the bucket'
    log 'trust: the root is in the bucket'
  fi
  rm -f "$file"
}

caddy_config() {
  local sites="https://$INTERNAL_ADDRESS"
  if [ -z "$PUBLIC_ADDRESS" ]; then sites="$sites, https://127.0.0.1, https://localhost"; fi
  if [ -n "$PUBLIC_ADDRESS" ] && [ "$PUBLIC_ADDRESS" != "$INTERNAL_ADDRESS" ]; then sites="$sites, https://$PUBLIC_ADDRESS"; fi
  printf '# Written by the setup of this machine; changes here are lost.\\n'
  printf '{\\n\\tadmin off\\n\\tstorage file_system %s/caddy\\n\\tdefault_sni %s\\n' "$DISK" "$INTERNAL_ADDRESS"
  if [ -n "$ACME_EMAIL" ]; then printf '\\temail %s\\n' "$ACME_EMAIL"; fi
  printf '}\\n%s {\\n\\ttls %s/cert.pem %s/key.pem\\n\\treverse_proxy 127.0.0.1:7400\\n}\\n' "$sites" "$TLS" "$TLS"
  if [ -n "$DOMAIN" ]; then printf 'https://%s {\\n\\treverse_proxy 127.0.0.1:7400\\n}\\n' "$DOMAIN"; fi
}
start_caddy() {
  local parts=("$TLS/cert.pem" /etc/caddy/Caddyfile /etc/systemd/system/caddy.service.d/longshore.conf)
  install -d -m 700 -o caddy -g caddy "$DISK/caddy"
  [ -z "$(find "$DISK/caddy" ! -user caddy -print -quit)" ] || chown -R caddy:caddy "$DISK/caddy"
  systemctl enable --quiet caddy.service
  if changed "\${parts[@]}"; then
    systemctl restart caddy.service
  else
    systemctl start caddy.service
  fi
  settled "\${parts[@]}"
}

coordinator_config() {
  local people=\${DOMAIN:-$PUBLIC_ADDRESS}
  printf '# Written by the setup of this machine from its metadata; changes here are lost.\\n'
  printf 'listen: 127.0.0.1:7400\\npublic_url:\\n  - "https://%s"\\n' "$INTERNAL_ADDRESS"
  if [ -n "$people" ] && [ "$people" != "$INTERNAL_ADDRESS" ]; then printf '  - "https://%s"\\n' "$people"; fi
  printf 'trusted_proxies: ["127.0.0.1"]\\n'
  printf 'data_dir: ${COORDINATOR_DATA}\\nca_file: /etc/longshore/root.pem\\nagents_dir: ${COORDINATOR_AGENTS}\\n'
  printf 'google:\\n  project: "%s"\\n  bucket: "%s"\\n  secret_prefix: "%s"\\n' "$PROJECT" "$BUCKET" "$SECRET_PREFIX"
  if [ -n "$DATABASE" ]; then
    printf 'database:\\n  cloud_sql: "%s"\\n' "$DATABASE"
    if [ "$STANDBY" = yes ]; then printf '  begin: false\\n'; fi
  fi
}
# The program of the channel; one that is there goes on when the channel cannot be read.
coordinator_program() {
  if read_channel coordinator-x64 && install_program "$CHANNEL_SHA256" "$CHANNEL_OBJECT"; then
    switch_link "$PROGRAM_FOLDER" ${COORDINATOR_PROGRAM}
    forget_programs "$PROGRAM_FOLDER"
  else
    [ -x ${COORDINATOR_PROGRAM}/node ] || fail 'program: no coordinator yet'
    log 'program: the channel could not be followed; the coordinator that is here stays'
  fi
}
# What install.sh brings to machines elsewhere. Nobody on this machine waits for it.
AGENTS=${COORDINATOR_AGENTS}
agents_to_install() {
  local arch file
  mkdir -p "$AGENTS"
  for arch in x64 arm64; do
    file=$AGENTS/longshore-agent-linux-$arch.tar.gz
    read_channel "agent-$arch" 2>/dev/null || continue
    if printf '%s  %s\\n' "$CHANNEL_SHA256" "$file" | sha256sum --check --quiet --status 2>/dev/null; then continue; fi
    if bucket_get "$CHANNEL_OBJECT" "$file.new" &&
      printf '%s  %s\\n' "$CHANNEL_SHA256" "$file.new" | sha256sum --check --quiet --status; then
      mv -f "$file.new" "$file"
    else
      rm -f "$file.new"
      log "program: the agent for $arch could not be had; install.sh goes on with the one before"
    fi
  done
}
# What it waits for at its start (Secret Manager, its database) may take longer than this run.
start_coordinator() {
  local parts=(${COORDINATOR_PROGRAM} /etc/longshore/coordinator.yaml /etc/longshore/root.pem /etc/systemd/system/longshore-coordinator.service)
  systemctl enable --quiet longshore-coordinator.service
  if changed "\${parts[@]}"; then
    systemctl restart --no-block longshore-coordinator.service
  else
    systemctl start --no-block longshore-coordinator.service
  fi
  settled "\${parts[@]}"
}
`;
