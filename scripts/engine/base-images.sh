# shellcheck shell=bash
# Base images made from this machine's own programs, so that nothing needs a public image registry:
#   longshore.local/base/node:20       node, sh and the usual commands (busybox), CA certificates, user node (1000)
#   longshore.local/base/caddy:2       caddy for the ingress
#   longshore.local/base/busybox:1     the small one for tests
#   longshore.local/base/registry:2    a registry (port 5000, data in /var/lib/registry), for the local stack only
# Where a program cannot be had here, the public image of the same thing gets the name instead.

NODE_IMAGE=longshore.local/base/node:20
CADDY_IMAGE=longshore.local/base/caddy:2
BUSYBOX_IMAGE=longshore.local/base/busybox:1
REGISTRY_IMAGE=longshore.local/base/registry:2
# Raised when the recipe below changes, so that images made by an older one are made anew.
BASE_RECIPE=2

image_is_current() {
  [ "$(docker image inspect -f '{{index .Config.Labels "longshore.base"}}' "$1" 2>/dev/null)" = "$2" ]
}

# Copies a program with the shared libraries that it loads.
copy_program() {
  local program=$1 target=$2 tree=$3 library
  install -D "$program" "$tree$target"
  while read -r library; do
    install -D "$library" "$tree$library"
  done < <(ldd "$program" 2>/dev/null | grep -oE '/[^ ]+' | sort -u)
}

add_basics() {
  local tree=$1 busybox=$2 applet bundle
  mkdir -p "$tree/etc/ssl/certs" "$tree/root" "$tree/home/node" "$tree/bin" "$tree/tmp" "$tree/var/run" "$tree/app"
  chmod 1777 "$tree/tmp"
  printf 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000:node:/home/node:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$tree/etc/passwd"
  printf 'root:x:0:\nnode:x:1000:\nnogroup:x:65534:\n' >"$tree/etc/group"
  printf 'hosts: files dns\n' >"$tree/etc/nsswitch.conf"
  # Name lookups load these at run time, where ldd does not see them.
  for bundle in /lib/*-linux-gnu/libnss_dns.so.2 /lib/*-linux-gnu/libnss_files.so.2 /lib/*-linux-gnu/libresolv.so.2; do
    if [ -e "$bundle" ]; then install -D "$bundle" "$tree$bundle"; fi
  done
  bundle=/etc/ssl/certs/ca-certificates.crt
  if [ -r "$bundle" ]; then cp "$bundle" "$tree$bundle"; fi
  [ -n "$busybox" ] || return 0
  install -D "$busybox" "$tree/bin/busybox"
  for applet in $("$busybox" --list); do
    [ -e "$tree/bin/$applet" ] || ln -s busybox "$tree/bin/$applet"
  done
}

import_image() {
  local tree=$1 image=$2 mark=$3
  shift 3
  tar -C "$tree" --owner=0 --group=0 --numeric-owner -c . | docker import \
    --change "LABEL longshore.base=$mark" --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' "$@" - "$image" >/dev/null
  rm -rf "$tree"
}

pull_instead() {
  say "Pulling $1 ..."
  timeout "${3:-120}" docker pull -q "$1" >/dev/null 2>"$STATE/pull.log" && docker tag "$1" "$2"
}

same_platform() {
  [ "$(uname -s)" = Linux ] && [ "$(docker version --format '{{.Server.Os}}' 2>/dev/null)" = linux ] || return 1
  case "$(uname -m)/$(docker version --format '{{.Server.Arch}}')" in
    x86_64/amd64 | aarch64/arm64) return 0 ;;
    *) return 1 ;;
  esac
}

node_image_up() {
  local mark node tree library
  # A distribution's wrapper script is not the program; node itself knows where that is.
  node=$(node -p process.execPath)
  mark="node-$(node -v)-$BASE_RECIPE-addons"
  image_is_current "$NODE_IMAGE" "$mark" && return 0
  if same_platform; then
    say "Making $NODE_IMAGE from this machine's node $(node -v) ..."
    tree=$(mktemp -d "$STATE/image.XXXXXX")
    chmod 755 "$tree"
    copy_program "$node" /usr/local/bin/node "$tree"
    # Native parts of packages (the coordinator's database) load these, which node itself does not.
    for library in /lib/*-linux-gnu/{librt.so.1,libpthread.so.0,libdl.so.2,libm.so.6,libgcc_s.so.1}; do
      if [ -e "$library" ]; then install -D "$library" "$tree$library"; fi
    done
    add_basics "$tree" "$(fetch_program busybox busybox-static || true)"
    import_image "$tree" "$NODE_IMAGE" "$mark" --change 'CMD ["node"]' --change 'WORKDIR /app'
  else
    docker image inspect "$NODE_IMAGE" >/dev/null 2>&1 || pull_instead node:22-slim "$NODE_IMAGE" 300 ||
      give_up 'no base image with Node could be made or pulled' "What Docker said: $STATE/pull.log"
  fi
}

caddy_image_up() {
  local mark caddy tree
  if ! same_platform || ! caddy=$(fetch_program caddy caddy); then
    docker image inspect "$CADDY_IMAGE" >/dev/null 2>&1 || pull_instead caddy:2 "$CADDY_IMAGE" ||
      give_up 'no image with Caddy could be made or pulled' \
        'Install Debian'"'"'s package caddy, or make the image caddy:2 pullable.' "What Docker said: $STATE/pull.log"
    return 0
  fi
  mark="caddy-$("$caddy" version | cut -d' ' -f1)-$BASE_RECIPE"
  image_is_current "$CADDY_IMAGE" "$mark" && return 0
  say "Making $CADDY_IMAGE ..."
  tree=$(mktemp -d "$STATE/image.XXXXXX")
  chmod 755 "$tree"
  copy_program "$caddy" /usr/bin/caddy "$tree"
  add_basics "$tree" "$(fetch_program busybox busybox-static || true)"
  mkdir -p "$tree/config/caddy" "$tree/data/caddy" "$tree/etc/caddy"
  import_image "$tree" "$CADDY_IMAGE" "$mark" --change 'ENV XDG_CONFIG_HOME=/config' --change 'ENV XDG_DATA_HOME=/data' \
    --change 'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]'
}

busybox_image_up() {
  local mark busybox tree
  if ! same_platform || ! busybox=$(fetch_program busybox busybox-static); then
    docker image inspect "$BUSYBOX_IMAGE" >/dev/null 2>&1 || pull_instead busybox:1 "$BUSYBOX_IMAGE" ||
      give_up 'no image with busybox could be made or pulled' \
        'Install Debian'"'"'s package busybox-static, or make the image busybox:1 pullable.'
    return 0
  fi
  mark="busybox-$BASE_RECIPE"
  image_is_current "$BUSYBOX_IMAGE" "$mark" && return 0
  say "Making $BUSYBOX_IMAGE ..."
  tree=$(mktemp -d "$STATE/image.XXXXXX")
  chmod 755 "$tree"
  add_basics "$tree" "$busybox"
  import_image "$tree" "$BUSYBOX_IMAGE" "$mark" --change 'CMD ["sh"]'
}

registry_image_up() {
  local mark registry tree
  if ! same_platform || ! registry=$(fetch_program docker-registry docker-registry); then
    docker image inspect "$REGISTRY_IMAGE" >/dev/null 2>&1 || pull_instead registry:2 "$REGISTRY_IMAGE" ||
      give_up 'no image with a registry could be made or pulled' \
        'Install Debian'"'"'s package docker-registry, or make the image registry:2 pullable.'
    return 0
  fi
  mark="registry-$(sha256sum "$registry" | cut -c1-12)-$BASE_RECIPE"
  image_is_current "$REGISTRY_IMAGE" "$mark" && return 0
  say "Making $REGISTRY_IMAGE ..."
  tree=$(mktemp -d "$STATE/image.XXXXXX")
  chmod 755 "$tree"
  copy_program "$registry" /usr/bin/docker-registry "$tree"
  add_basics "$tree" "$(fetch_program busybox busybox-static || true)"
  mkdir -p "$tree/etc/docker/registry" "$tree/var/lib/registry"
  cat >"$tree/etc/docker/registry/config.yml" <<'CONFIG'
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
CONFIG
  import_image "$tree" "$REGISTRY_IMAGE" "$mark" \
    --change 'CMD ["docker-registry", "serve", "/etc/docker/registry/config.yml"]'
}

base_images_up() {
  # Left by a run that was killed while it made an image.
  find "$STATE" -maxdepth 1 \( -name 'image.*' -o -name 'fetch.*' \) -mmin +30 -exec rm -rf {} + 2>/dev/null || true
  busybox_image_up
  node_image_up
  caddy_image_up
}
