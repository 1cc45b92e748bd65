# shellcheck shell=bash
# Programs from Debian's packages. Daemons such as caddy and docker-registry are unpacked into the state folder and
# not installed: their packages would start services on ports 80 and 5000 that nobody asked for.

has_apt() { command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; }

apt_install() {
  has_apt && [ "$(id -u)" = 0 ] || return 1
  local apt=(apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@")
  DEBIAN_FRONTEND=noninteractive "${apt[@]}" >"$STATE/apt.log" 2>&1 9>&- && return 0
  apt-get -qq -o DPkg::Lock::Timeout=300 update >>"$STATE/apt.log" 2>&1 || true
  DEBIAN_FRONTEND=noninteractive "${apt[@]}" >>"$STATE/apt.log" 2>&1 9>&-
}

# Prints the path of PROGRAM: the system's, or the one unpacked from PACKAGE.
unpacked_program() {
  local program=$1 package=$2 found
  if command -v "$program" >/dev/null; then
    command -v "$program"
    return
  fi
  for found in "$STATE/packages/$package/usr/bin/$program" "$STATE/packages/$package/bin/$program"; do
    if [ -x "$found" ]; then printf '%s\n' "$found"; return; fi
  done
  return 1
}

fetch_program() {
  local program=$1 package=$2 work
  unpacked_program "$program" "$package" && return
  has_apt || return 1
  work=$(mktemp -d "$STATE/fetch.XXXXXX")
  if ! (cd "$work" && apt-get -qq download "$package" >"$STATE/apt.log" 2>&1); then
    [ "$(id -u)" = 0 ] && apt-get -qq update >>"$STATE/apt.log" 2>&1
    (cd "$work" && apt-get -qq download "$package" >>"$STATE/apt.log" 2>&1) || { rm -rf "$work"; return 1; }
  fi
  mkdir -p "$STATE/packages"
  rm -rf "$STATE/packages/$package"
  dpkg-deb -x "$work"/*.deb "$work/tree" && mv "$work/tree" "$STATE/packages/$package"
  rm -rf "$work"
  unpacked_program "$program" "$package"
}
