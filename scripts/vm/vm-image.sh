#!/usr/bin/env bash
# Makes `longshore.local/vm/debian:13`: Debian 13 with systemd, which a container boots as if it were a machine. It stands
# for Google's image of Debian 13: bare, with a guest agent that runs the startup script of its metadata. What a host or a
# coordinator installs lies in apt's cache with its lists, so that `apt-get install` needs no network.
#
#   bash scripts/vm/vm-image.sh          makes it where it is missing or an older recipe made it; prints its name
#   bash scripts/vm/vm-image.sh status   exit code 1 when it would be made
#
# Packages come from the mirrors of this machine's own apt. Needs root, apt, and debootstrap (installed where missing).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/engine/state.sh
. "$here/../engine/state.sh"

VM_IMAGE=longshore.local/vm/debian:13
# Debian with its packages, which takes minutes; the guest's own few files go on top in a second.
PACKAGES_IMAGE=longshore.local/vm/packages:13
SUITE=trixie
# What is on Google's image as well.
BASE=systemd,systemd-sysv,dbus,udev,iproute2,iputils-ping,procps,kmod,e2fsprogs,ca-certificates,curl,openssl,less
# What setup/ installs; docs/machine.md names them.
LATER=(docker.io docker-cli nftables apparmor unattended-upgrades needrestart systemd-timesyncd caddy)
# An image that is this old has lists and packages that the mirrors no longer have.
MAX_AGE_DAYS=14

recipe() { (cd "$here" && find "$@" -type f -exec sha256sum {} + | sort) | sha256sum | cut -c1-16; }

bears_mark() { [ "$(docker image inspect -f '{{index .Config.Labels "longshore.vm"}}' "$1" 2>/dev/null)" = "$2" ]; }
packages_are_current() {
  local made
  bears_mark "$PACKAGES_IMAGE" "$(recipe vm-image.sh)" || return 1
  made=$(docker image inspect -f '{{.Created}}' "$PACKAGES_IMAGE")
  [ $(($(date +%s) - $(date -d "$made" +%s))) -lt $((MAX_AGE_DAYS * 86400)) ]
}
# Of the guest's files and of the very image below.
guest_mark() { printf '%s-%s' "$(recipe guest)" "$(docker image inspect -f '{{.Id}}' "$PACKAGES_IMAGE" | cut -c8-19)"; }
is_current() { packages_are_current && bears_mark "$VM_IMAGE" "$(guest_mark)"; }

# Mirror of Debian itself, or of its security updates, as this machine's apt knows it. A mirror of another distribution
# (Ubuntu) has no trixie: then nothing is printed.
mirror() {
  local found
  found=$(apt-get indextargets --format "\$(REPO_URI) \$(ORIGIN)" 'Created-By: Packages' | awk -v suffix="$1" '
    $2 == "Debian" && (suffix == "-security") == ($1 ~ /security/) { print $1; exit }')
  printf '%s\n' "${found%/}"
}

# Services must not start while packages are put into the tree, and its apt goes through the same proxy as ours.
prepare_apt() {
  local tree=$1 archive=$2 security=$3
  rm -f "$tree/etc/apt/sources.list"
  printf 'Types: deb\nURIs: %s\nSuites: %s %s-updates\nComponents: main\nSigned-By: %s\n\n' \
    "$archive" "$SUITE" "$SUITE" /usr/share/keyrings/debian-archive-keyring.gpg >"$tree/etc/apt/sources.list.d/debian.sources"
  printf 'Types: deb\nURIs: %s\nSuites: %s-security\nComponents: main\nSigned-By: %s\n' \
    "$security" "$SUITE" /usr/share/keyrings/debian-archive-keyring.gpg >>"$tree/etc/apt/sources.list.d/debian.sources"
  apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-)' >"$tree/etc/apt/apt.conf.d/90this-machine" || true
  cp /etc/resolv.conf "$tree/etc/resolv.conf"
}

prepare_boot() {
  local tree=$1 unit
  # Of these a container has no need, or its engine has done their work.
  for unit in systemd-udevd.service systemd-udev-trigger.service systemd-modules-load.service getty.target \
    systemd-logind.service console-getty.service getty@tty1.service systemd-firstboot.service; do
    ln -sf /dev/null "$tree/etc/systemd/system/$unit"
  done
  mkdir -p "$tree/etc/systemd/system/multi-user.target.wants" "$tree/etc/systemd/system/network-online.target.wants"
  ln -sf /etc/systemd/system/vm-network.service "$tree/etc/systemd/system/network-online.target.wants/vm-network.service"
  ln -sf /etc/systemd/system/vm-startup-script.service \
    "$tree/etc/systemd/system/multi-user.target.wants/vm-startup-script.service"
  : >"$tree/etc/machine-id"
  rm -f "$tree/etc/resolv.conf" "$tree/etc/hostname" "$tree/etc/apt/apt.conf.d/90this-machine"
}

make_packages_image() {
  local tree archive security
  archive=$(mirror '')
  security=$(mirror -security)
  # Left by a run that was killed.
  find "$STATE" -maxdepth 1 -name 'vm.??????' -exec rm -rf --one-file-system {} + 2>/dev/null || true
  tree=$(mktemp -d "$STATE/vm.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf --one-file-system '$tree'" EXIT
  chmod 755 "$tree"
  command -v debootstrap >/dev/null || bash "$here/../engine.sh" install debootstrap ||
    give_up 'debootstrap is missing and could not be installed' "What apt said: $STATE/apt.log"
  say "Making $VM_IMAGE (a few minutes) ..."
  # An older debootstrap may not know the suite by name; all are alike.
  local script=()
  [ -e "/usr/share/debootstrap/scripts/$SUITE" ] || script=(/usr/share/debootstrap/scripts/sid)
  # Without a mirror debootstrap takes Debian's own, and writes it down.
  debootstrap --variant=minbase --include="$BASE" "$SUITE" "$tree" "$archive" "${script[@]}" >"$STATE/vm.log" 2>&1 ||
    give_up "debootstrap could not make Debian $SUITE" "What it said: $STATE/vm.log"
  [ -n "$archive" ] || archive=$(awk '$1 == "deb" { print $2; exit }' "$tree/etc/apt/sources.list")
  [ -n "$security" ] || security=${archive%/}-security
  prepare_apt "$tree" "$archive" "$security"
  local apt=(chroot "$tree" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends)
  {
    "${apt[@]}" update
    "${apt[@]}" upgrade
    rm -rf "$tree"/var/cache/apt/archives/*.deb
    "${apt[@]}" --download-only install "${LATER[@]}"
  } >>"$STATE/vm.log" 2>&1 || give_up "the packages of $VM_IMAGE could not be had" "What apt said: $STATE/vm.log"
  prepare_boot "$tree"
  tar -C "$tree" --numeric-owner --one-file-system -c . | docker import --change "LABEL longshore.vm=$(recipe vm-image.sh)" \
    --change 'ENV container=docker' --change 'CMD ["/sbin/init"]' - "$PACKAGES_IMAGE" >/dev/null
}

add_guest() {
  local container
  container=$(docker create "$PACKAGES_IMAGE")
  tar -C "$here/guest" --owner=0 --group=0 -c . | docker cp - "$container:/"
  docker commit --change "LABEL longshore.vm=$(guest_mark)" "$container" "$VM_IMAGE" >/dev/null
  docker rm "$container" >/dev/null
}

case "${1:-make}" in
  status) is_current ;;
  make)
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
      give_up 'an image of Debian can be made on Debian or Ubuntu, by root' 'See docs/machine.md.'
    fi
    mkdir -p "$STATE"
    exec 8>"$STATE/vm.lock"
    flock 8
    packages_are_current || make_packages_image 8>&-
    bears_mark "$VM_IMAGE" "$(guest_mark)" || add_guest
    printf '%s\n' "$VM_IMAGE"
    ;;
  *)
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
