#!/usr/bin/env bash
# Checks a plan of the gcp stack with checkov, in a virtual environment outside the repository that is made at the first
# run (LONGSHORE_CHECKOV_CACHE changes the folder; Python with venv and some minutes). Fails for whatever is not below.
#   bash scripts/checkov.sh [PLAN]       (.plan, in the folder that it was made in)
set -euo pipefail

VERSION=3.3.30
cache=${LONGSHORE_CHECKOV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/longshore/checkov-$VERSION}

# What is as it is on purpose.
ACCEPTED=(
  CKV_GCP_106 # port 80 is open: certificates are proved there, and apps are served
  CKV_GCP_40  # public addresses: the coordinator's and those of pools that ask for one
  CKV_GCP_32  # keys of the project are blocked; checkov reads the plan before the metadata is known
  CKV_GCP_6   # sslMode is ENCRYPTED_ONLY; checkov asks for the argument that came before it
  CKV_GCP_37 CKV_GCP_38 CKV_GCP_84 # a key of one's own is `kms_key`
  CKV_GCP_62 CKV_GCP_63            # who reads programs is in the audit logs of the project
  CKV_GCP_79                       # a new major version of PostgreSQL is a person's decision
  CKV_GCP_108                      # addresses are logged; a look-up of names would hold up connections
  CKV_GCP_109                      # `error` is PostgreSQL's own default
  CKV_GCP_110 CKV_GCP_111 CKV2_GCP_13 # texts and times of statements: the coordinator keeps an audit of its own
)

give_up() {
  printf 'checkov.sh: %s\n' "$1" >&2
  exit 2
}

plan=${1:-.plan}
[ -s "$plan" ] || give_up "there is no plan $plan: run plan.sh first"
command -v terraform >/dev/null || give_up 'Terraform is not installed'
if [ ! -x "$cache/bin/checkov" ]; then
  command -v python3 >/dev/null || give_up 'Python is not installed'
  rm -rf "$cache.part"
  python3 -m venv "$cache.part" || give_up 'python3 -m venv failed; Debian has it in python3-venv'
  "$cache.part/bin/pip" install --quiet "checkov==$VERSION" || give_up 'checkov could not be installed'
  rm -rf "$cache"
  # The programs of a virtual environment name its folder.
  grep -rlI --null "$cache.part" "$cache.part/bin" "$cache.part/pyvenv.cfg" | xargs -0 sed -i "s#$cache\.part#$cache#g"
  mv "$cache.part" "$cache"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
terraform show -json "$plan" >"$work/plan.json" || give_up "terraform cannot read $plan"
# Nothing is sent, and no list is fetched.
BC_SKIP_MAPPING=TRUE LOG_LEVEL=ERROR "$cache/bin/checkov" --file "$work/plan.json" --framework terraform_plan \
  --skip-download --compact --quiet --skip-check "$(IFS=,; echo "${ACCEPTED[*]}")"
