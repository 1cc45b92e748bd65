/**
 * Docker Engine of a host: Debian's own package; containers outlive a restart of the daemon, and their logs never
 * fill a disk. Where no image of Caddy can be pulled, the ingress's is made of Debian's package, under the name that the
 * agent looks for.
 */

export const LOCAL_INGRESS_IMAGE = 'longshore.local/base/caddy:2';

export function renderDaemonJson(): string {
  return `{
  "live-restore": true,
  "log-driver": "local",
  "log-opts": { "max-size": "10m", "max-file": "3" }
}
`;
}

export const DOCKER_FUNCTIONS = `# live-restore keeps the containers while the daemon takes over new settings.
start_docker() {
  systemctl enable --quiet docker.service containerd.service
  if changed /etc/docker/daemon.json && systemctl is-active --quiet docker.service; then
    systemctl restart docker.service
  else
    systemctl start docker.service
  fi
  docker version --format '{{.Server.Version}}' >/dev/null || fail 'docker: the engine does not answer'
  settled /etc/docker/daemon.json
}

INGRESS_IMAGE=${LOCAL_INGRESS_IMAGE}
ingress_image() {
  docker image inspect docker.io/library/caddy:2 >/dev/null 2>&1 && return 0
  docker image inspect "$INGRESS_IMAGE" >/dev/null 2>&1 && return 0
  if timeout 180 docker pull -q docker.io/library/caddy:2 >/dev/null 2>&1; then
    log 'ingress: pulled docker.io/library/caddy:2'
    return 0
  fi
  log "ingress: no image of Caddy can be pulled; making $INGRESS_IMAGE from Debian's package"
  make_ingress_image || log 'ingress: that failed, too; apps with an ingress have to wait'
}
make_ingress_image() {
  local work deb
  work=$(mktemp -d)
  if apt_get --download-only install caddy &&
    deb=$(find /var/cache/apt/archives -maxdepth 1 -name 'caddy_*.deb' -printf '%T@ %p\\n' | sort -rn | head -n 1 | cut -d' ' -f2) &&
    [ -n "$deb" ] && dpkg-deb -x "$deb" "$work/package" && ingress_tree "$work/package/usr/bin/caddy" "$work/tree" &&
    tar -C "$work/tree" --owner=0 --group=0 --numeric-owner -c . |
    docker import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' --change 'ENV XDG_CONFIG_HOME=/config' \\
      --change 'ENV XDG_DATA_HOME=/data' \\
      --change 'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]' - "$INGRESS_IMAGE" >/dev/null; then
    rm -rf "$work"
    return 0
  fi
  rm -rf "$work"
  return 1
}
# ingress_tree PROGRAM FOLDER: the program, the libraries that it loads, roots of the web, and folders for its data.
ingress_tree() {
  local library
  mkdir -p "$2/etc/ssl/certs" "$2/etc/caddy" "$2/config/caddy" "$2/data/caddy" "$2/tmp" || return 1
  chmod 755 "$2" && chmod 1777 "$2/tmp" && install -D "$1" "$2/usr/bin/caddy" || return 1
  for library in $(ldd "$1" 2>/dev/null | grep -oE '/[^ ]+' | sort -u); do
    install -D "$library" "$2$library" || return 1
  done
  printf 'root:x:0:0:root:/root:/sbin/nologin\\n' >"$2/etc/passwd"
  printf 'root:x:0:\\n' >"$2/etc/group"
  printf 'hosts: files dns\\n' >"$2/etc/nsswitch.conf"
  cp /etc/ssl/certs/ca-certificates.crt "$2/etc/ssl/certs/"
}
`;
