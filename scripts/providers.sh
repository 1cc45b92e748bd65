#!/usr/bin/env bash
# Builds Terraform's providers for Google and Docker from Go modules, for machines that cannot reach the Terraform
# registry, into a cache outside the repository (LONGSHORE_PROVIDERS changes the folder). What is there in the right
# version stays. Prints what the shell that calls terraform, plan.sh or cdktf needs to know:
#   eval "$(bash scripts/providers.sh)"
# `providers.sh google` or `providers.sh docker` is about one of them alone. Needs Go, 2 GiB of memory, some minutes.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LONGSHORE_PROVIDERS:-${XDG_CACHE_HOME:-$HOME/.cache}/longshore/providers}

say() { printf '%s\n' "$*" >&2; }

give_up() {
  say "providers.sh: $1"
  exit 2
}

# Per provider: address in the registry, version that this build counts as, module that is built, and what pins it.
address_of() {
  case $1 in
    google) printf 'hashicorp/google\n' ;;
    docker) printf 'kreuzwerker/docker\n' ;;
    *) give_up "there is no provider \"$1\": google, docker" ;;
  esac
}
version_of() { case $1 in google) printf '8.0.0\n' ;; docker) printf '4.0.0\n' ;; esac; }
module_of() {
  case $1 in
    google) printf 'github.com/hashicorp/terraform-provider-google\n' ;;
    docker) printf 'github.com/terraform-providers/terraform-provider-docker\n' ;;
  esac
}
# The last word of the module's line in go.mod; the line of a replacement comes last and wins.
pin_of() { awk -v module="$(module_of "$1")" '$1 == module || $2 == module { pin = $NF } END { print pin }' "$here/providers/go.mod"; }

# A program carries the versions of its modules, so that no note beside it can be wrong about it.
is_built() {
  [ -x "$2" ] && go version -m "$2" 2>/dev/null | grep -qF "$(pin_of "$1")"
}

build() {
  local provider=$1 target=$2 source="$cache/src" work
  work=$(mktemp -d "$cache/build.XXXXXX")
  mkdir -p "$source" "$(dirname "$target")"
  cp "$here/providers/go.mod" "$here/providers/go.sum" "$here/providers/tools.go" "$source/"
  say "building the provider $(address_of "$provider") (some minutes, 2 GiB of memory)"
  if ! (cd "$source" && CGO_ENABLED=0 GOFLAGS='' GOWORK=off \
    go build -mod=mod -buildvcs=false -ldflags '-s -w' -o "$work/provider" "$(module_of "$provider")") >&2; then
    rm -rf "$work"
    give_up "building $(address_of "$provider") failed; the reason stands above"
  fi
  # Renamed into place: a build that is killed leaves no half of a program where Terraform looks.
  mv -f "$work/provider" "$target"
  rm -rf "$work"
}

provide() {
  local provider=$1 address version target platform
  address=$(address_of "$provider")
  version=$(version_of "$provider")
  platform=$(go env GOOS)_$(go env GOARCH)
  target="$cache/mirror/registry.terraform.io/$address/$version/$platform/terraform-provider-${provider}_v$version"
  if is_built "$provider" "$target"; then
    say "provider $address $version is there"
  elif is_built "$provider" "$cache/build-$provider"; then
    mkdir -p "$(dirname "$target")"
    cp -f "$cache/build-$provider" "$target.part"
    mv -f "$target.part" "$target"
    say "provider $address $version is taken over from $cache/build-$provider"
  else
    build "$provider" "$target"
    say "provider $address $version is built"
  fi
}

write_configuration() {
  local file="$cache/terraform.rc"
  cat >"$file.part" <<END
# Written by scripts/providers.sh. Providers that were built here come from the folder, all others from where they
# usually come from.
disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path    = "$cache/mirror"
    include = ["registry.terraform.io/hashicorp/google", "registry.terraform.io/kreuzwerker/docker"]
  }
  direct {
    exclude = ["registry.terraform.io/hashicorp/google", "registry.terraform.io/kreuzwerker/docker"]
  }
}
END
  mv -f "$file.part" "$file"
  printf 'export TF_CLI_CONFIG_FILE=%q\n' "$file"
  # cdktf would ask the registry for checksums, whatever the configuration says.
  printf 'export CDKTF_SKIP_PROVIDER_LOCK=true\n'
}

# Checksums of programs that were built here are of use to nobody else: this clone's git looks past the lock file.
hide_lock_file() {
  local exclude
  exclude=$(cd "$here" && git rev-parse --git-path info/exclude 2>/dev/null) || return 0
  exclude=$(cd "$here" && realpath -m "$exclude")
  grep -qxF '.terraform.lock.hcl' "$exclude" 2>/dev/null && return
  mkdir -p "$(dirname "$exclude")"
  printf '.terraform.lock.hcl\n' >>"$exclude"
}

main() {
  local provider
  case "${1:-}" in
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" && return ;;
  esac
  [ $# -gt 0 ] || set -- google docker
  for provider in "$@"; do address_of "$provider" >/dev/null; done
  command -v go >/dev/null || give_up 'Go is not installed; it builds the providers (https://go.dev/dl, 1.26 or newer)'
  mkdir -p "$cache"
  # Two at once would build the same thing twice.
  if command -v flock >/dev/null; then
    exec 9>"$cache/lock"
    flock 9
  fi
  for provider in "$@"; do provide "$provider"; done
  hide_lock_file
  write_configuration
}

main "$@"
