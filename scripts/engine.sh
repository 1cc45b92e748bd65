#!/usr/bin/env bash
# A Docker Engine, a registry on loopback and base images for development, tests and the demo.
#
#   bash scripts/engine.sh up       what is missing is installed (Debian, Ubuntu as root), started or made
#   bash scripts/engine.sh status   one line each; exit code 1 when something is missing
#   bash scripts/engine.sh down     stops what `up` started, and nothing else
#   bash scripts/engine.sh install PACKAGE...   from the distribution, where that is possible
#   bash scripts/engine.sh program NAME PACKAGE   prints where that program is, unpacked from the package where missing
#   bash scripts/engine.sh registry-up NAME PORT | registry-down NAME | registry-forget NAME     another registry
#
# Safe to repeat, to run twice at once, and after a kill. LONGSHORE_REGISTRY_PORT (5000), LONGSHORE_DEV_STATE.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/engine/state.sh
. "$here/engine/state.sh"
# shellcheck source=scripts/engine/packages.sh
. "$here/engine/packages.sh"
# shellcheck source=scripts/engine/docker-engine.sh
. "$here/engine/docker-engine.sh"
# shellcheck source=scripts/engine/registry.sh
. "$here/engine/registry.sh"
# shellcheck source=scripts/engine/base-images.sh
. "$here/engine/base-images.sh"

port=${LONGSHORE_REGISTRY_PORT:-5000}

status() {
  local missing=0 image
  if engine_reachable; then echo "engine: Docker $(engine_version)"; else echo 'engine: none'; return 1; fi
  if registry_answers "$port"; then echo "registry: 127.0.0.1:$port"; else echo 'registry: none'; missing=1; fi
  for image in "$NODE_IMAGE" "$CADDY_IMAGE" "$BUSYBOX_IMAGE"; do
    if docker image inspect "$image" >/dev/null 2>&1; then echo "image: $image"; else echo "image: $image is missing"; missing=1; fi
  done
  return "$missing"
}

case "${1:-up}" in
  up)
    take_lock
    engine_up
    registry_up dev "$port"
    base_images_up
    status
    ;;
  engine-up) take_lock && engine_up ;;
  images-up) take_lock && engine_up && base_images_up ;;
  local-images-up) take_lock && engine_up && base_images_up && registry_image_up ;;
  registry-up) take_lock && registry_up "$2" "$3" ;;
  registry-down) take_lock && registry_down "$2" ;;
  install) take_lock && shift && apt_install "$@" ;;
  program) take_lock && fetch_program "$2" "$3" ;;
  registry-forget) take_lock && rm -rf "$STATE/registry-$2" ;;
  engine-down) take_lock && engine_down ;;
  state-dir) printf '%s\n' "$STATE" ;;
  status) status ;;
  down)
    take_lock
    if engine_reachable; then registry_down dev; fi
    engine_down
    ;;
  *)
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
