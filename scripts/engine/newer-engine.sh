#!/usr/bin/env bash
# A newer Docker Engine beside the machine's, to try Longshore on: built from its Go modules (once, some minutes), with its
# own data, socket and bridge, and the base images of scripts/engine.sh in it.
#
#   bash scripts/engine/newer-engine.sh up      prints its DOCKER_HOST
#   bash scripts/engine/newer-engine.sh down
#
# Needs root, Go, gcc and the engine of `scripts/engine.sh up`. Sets no packet filter rules and, its runc being built
# without libseccomp, no seccomp profile: for tests only. Kept in ~/.cache/longshore/newer-engine.
set -euo pipefail

MOBY=v2.0.0-beta.24
CONTAINERD=v2.1.5
RUNC=v1.3.4
BRIDGE=longshore-newer
cache=${XDG_CACHE_HOME:-$HOME/.cache}/longshore/newer-engine
socket=unix://$cache/docker.sock

# build MODULE VERSION PACKAGE PROGRAM [go flags]: in a copy, because some modules replace others and cannot be installed.
build() {
  local module=$1 version=$2 package=$3 program=$4 folder
  shift 4
  if [ -x "$cache/bin/$program-$version" ]; then return; fi
  folder=$(go mod download -json "$module@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  rm -rf "$cache/source"
  cp -r "$folder" "$cache/source"
  chmod -R u+w "$cache/source"
  (cd "$cache/source" && nice -n 10 go build -mod=mod "$@" -o "$cache/bin/$program-$version" "$package") >&2
  rm -rf "$cache/source"
  ln -sf "$program-$version" "$cache/bin/$program"
}

build_all() {
  mkdir -p "$cache/bin"
  build github.com/opencontainers/runc "$RUNC" . runc
  build github.com/containerd/containerd/v2 "$CONTAINERD" ./cmd/containerd containerd -tags no_btrfs,no_devmapper,no_zfs
  build github.com/containerd/containerd/v2 "$CONTAINERD" ./cmd/containerd-shim-runc-v2 containerd-shim-runc-v2
  build github.com/moby/moby/v2 "$MOBY" ./cmd/docker-proxy docker-proxy
  build github.com/moby/moby/v2 "$MOBY" ./cmd/dockerd dockerd -tags exclude_graphdriver_btrfs \
    -ldflags "-X github.com/moby/moby/v2/dockerversion.Version=29-moby-$MOBY"
}

answers() { DOCKER_HOST=$socket docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

up() {
  build_all
  if ! answers; then
    docker network inspect "$BRIDGE" >/dev/null 2>&1 ||
      docker network create --subnet 10.159.254.0/24 -o "com.docker.network.bridge.name=$BRIDGE" "$BRIDGE" >/dev/null
    PATH=$cache/bin:$PATH setsid dockerd --data-root "$cache/data" --exec-root "$cache/exec" \
      --pidfile "$cache/dockerd.pid" --host "$socket" --bridge "$BRIDGE" --iptables=false --ip6tables=false \
      --seccomp-profile=unconfined >"$cache/dockerd.log" 2>&1 &
    for _ in $(seq 100); do
      if answers; then break; fi
      sleep 0.2
    done
    answers || { tail -5 "$cache/dockerd.log" >&2; exit 1; }
  fi
  local image
  for image in node:20 caddy:2 busybox:1; do
    docker save "longshore.local/base/$image" | DOCKER_HOST=$socket docker load >&2
  done
  echo "$socket"
}

down() {
  if [ -e "$cache/dockerd.pid" ]; then
    kill "$(cat "$cache/dockerd.pid")"
    for _ in $(seq 100); do [ -e "$cache/dockerd.pid" ] || break; sleep 0.2; done
  fi
  docker network rm "$BRIDGE" >/dev/null 2>&1 || true
}

case "${1:-}" in
  up) up ;;
  down) down ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
