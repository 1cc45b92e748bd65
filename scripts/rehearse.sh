#!/usr/bin/env bash
# Rehearses a fleet on this machine before it costs money: the real Terraform with the real Google provider, against a
# stand-in of Google Cloud whose machines are Debian 13 + systemd containers. Goes through a fleet's whole life (plan,
# apply, enrolment by identity, deploy, one more host, a lost machine, destroy), prints each step with its time, and
# leaves nothing behind. Exit code 0: every step did what it must; 1: one did not; 2: it could not begin.
#
#   bash scripts/rehearse.sh                      a small fleet of its own
#   bash scripts/rehearse.sh --file fleet.yaml    another fleet file; it is only read
#   bash scripts/rehearse.sh --keep               stays when the app answers, so that an edit can be rehearsed
#   bash scripts/rehearse.sh --down               ends what --keep (or a kill) left
#   bash scripts/rehearse.sh --name NAME          another rehearsal beside the first
#
# Needs root on Debian or Ubuntu (an image of Debian is made), Node 20.19, Terraform, openssl. docs/rehearsal.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case " $* " in *' --help '* | *' -h '*) sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

give_up() {
  printf 'rehearse: %s\n' "$1" >&2
  exit 2
}

bash scripts/install.sh

if [[ " $* " != *' --down '* ]]; then
  command -v terraform >/dev/null || give_up 'Terraform is not installed (https://developer.hashicorp.com/terraform/install)'
  command -v openssl >/dev/null || give_up 'openssl is not installed'
  # Remembered, so that an engine which only the rehearsal needed does not outlive it.
  found=$(bash scripts/engine.sh status 2>/dev/null || true)
  bash scripts/engine.sh images-up
  if [[ "$found" == *'engine: none'* ]]; then export LONGSHORE_STARTED_ENGINE=1; fi
  bash scripts/vm/vm-image.sh >/dev/null
  # Providers that were built on this machine; without them Terraform gets them from where it usually does.
  built=${LONGSHORE_PROVIDERS:-${XDG_CACHE_HOME:-$HOME/.cache}/longshore/providers}/terraform.rc
  if [[ ! -f "${TF_CLI_CONFIG_FILE:-}" && -f "$built" ]]; then export TF_CLI_CONFIG_FILE=$built; fi
fi

exec node --import=tsx scripts/rehearse/main.ts "$@"
