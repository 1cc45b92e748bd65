#!/usr/bin/env bash
# Builds OpenTofu from Go modules into the cache of the providers, for a test that makes plans with it. What is there in
# the right version stays. Prints what the shell that calls tofu needs to know:
#   eval "$(bash scripts/opentofu.sh)"
# Needs Go and some ten minutes of one processor, once; scripts/providers.sh builds the provider.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LONGSHORE_PROVIDERS:-${XDG_CACHE_HOME:-$HOME/.cache}/longshore/providers}
module=github.com/opentofu/opentofu
version=$(awk -v module="$module" '$1 == module { print $2 }' "$here/opentofu/go.mod")
program=$cache/opentofu/$version/tofu

command -v go >/dev/null || {
  echo 'opentofu.sh: Go is not installed; it builds OpenTofu (https://go.dev/dl)' >&2
  exit 2
}
bash "$here/providers.sh" google >/dev/null
if command -v flock >/dev/null; then
  exec 9>"$cache/lock-opentofu"
  flock 9
fi
if [ ! -x "$program" ]; then
  echo "building OpenTofu $version (some minutes)" >&2
  mkdir -p "$(dirname "$program")"
  # Its modules replace HashiCorp's HCL with a fork; go.mod here does the same.
  (cd "$here/opentofu" && CGO_ENABLED=0 GOFLAGS='' GOWORK=off \
    nice go build -buildvcs=false -ldflags '-s -w' -o "$program.part" "$module/cmd/tofu") >&2
  mv -f "$program.part" "$program"
fi

# It looks for the same provider under the name of a registry of its own.
for folder in "$cache"/mirror/registry.terraform.io/hashicorp/google/*/*; do
  # The folder of a platform may be a link; those above it may not.
  link=$cache/opentofu/mirror/registry.opentofu.org/${folder#"$cache/mirror/registry.terraform.io/"}
  mkdir -p "$(dirname "$link")"
  ln -sfn "$folder" "$link"
done
cat >"$cache/opentofu/tofu.rc.part" <<END
provider_installation {
  filesystem_mirror {
    path    = "$cache/opentofu/mirror"
    include = ["registry.opentofu.org/hashicorp/google"]
  }
}
END
mv -f "$cache/opentofu/tofu.rc.part" "$cache/opentofu/tofu.rc"
printf 'export TF_CLI_CONFIG_FILE=%q\n' "$cache/opentofu/tofu.rc"
# shellcheck disable=SC2016 # For the shell that reads this.
printf 'export PATH=%q:$PATH\n' "$(dirname "$program")"
