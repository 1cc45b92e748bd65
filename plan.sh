#!/usr/bin/env bash
# Makes Terraform's plan of the fleet in fleet.yaml and writes it to .plan; nothing is changed. `bash plan.sh --help`.
# These may be exported instead, or written here, without the #:
#export GOOGLE_IMPERSONATE_SERVICE_ACCOUNT=terraform@PROJECT.iam.gserviceaccount.com  # your own login acts as this account
#export CREDENTIALS_PATH=~/.config/longshore/credentials.json       # only where there is no login: CI, a key file
#export PUBLIC_KEY_PATH=~/.ssh/id_ed25519.pub                       # only for machines with `ssh: keys`
#export PRIVATE_KEY_PATH=~/.ssh/id_ed25519                          # never read; only named in the ssh command of a plan
set -euo pipefail
# A plan holds the whole configuration: for nobody else to read.
umask 077
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Where even the program that plans cannot start, an old plan must not look like a new one.
give_up() {
  drop_plan "$@"
  printf 'plan.sh: %s\n' "$reason" >&2
  exit 2
}

# As infra/plan/plan-options.ts decides it.
drop_plan() {
  local folder=$root stack=gcp word value
  while (($# > 0)); do
    word=${1%%=*} value=${2-}
    case $1 in *=*) value=${1#*=} ;; esac
    case $word in
      --apply | --output | --help | -h) return ;;
      --dir) folder=$value ;;
      --stack) stack=$value ;;
    esac
    shift
  done
  [ "$stack" = local ] || rm -f "$folder/.plan"
  [ "$stack" = gcp ] || rm -f "$folder/.plan-local"
}

reason='Node is not installed; 20.19 or newer is needed (https://nodejs.org)'
command -v node >/dev/null || give_up "$@"
version=$(node --version)
reason="Node $version is too old; 20.19 or newer is needed"
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' || give_up "$@"
reason='the packages are not installed; run this first: npm ci'
[ -d "$root/node_modules/cdktf" ] || give_up "$@"

exec node "$root/infra/launch.mjs" "$root/infra/plan/main.ts" "$@"
