#!/usr/bin/env bash
# From source to three healthy hosts: builds Longshore and an example app, starts a registry, a coordinator and three
# agents on this machine's Docker Engine, deploys the app to them, and shows it live until Ctrl-C.
#
#   bash scripts/demo.sh            stays with a live view; Ctrl-C ends it and leaves nothing behind
#   bash scripts/demo.sh --exit     ends after checking that it works (exit code 0 or 1)
#   bash scripts/demo.sh --break    ships a version then that never gets healthy, under load, and shows the roll back
#   bash scripts/demo.sh --keep     leaves it running in the background
#   bash scripts/demo.sh --down     ends what --keep left
#   bash scripts/demo.sh --name NAME        another demo beside the first
#   bash scripts/demo.sh --bind ADDRESS     where the apps answer (127.0.0.1)
#   bash scripts/demo.sh --agents-in-containers   as it does by itself where the engine is Docker Desktop
#
# Needs Node 20.19 and a Docker Engine; as root on Debian or Ubuntu the engine is installed and started where missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case " $* " in *' --help '* | *' -h '*) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

bash scripts/install.sh

if [[ " $* " != *' --down '* ]]; then
  # Remembered, so that an engine which only the demo needed does not outlive it.
  found=$(bash scripts/engine.sh status 2>/dev/null || true)
  bash scripts/engine.sh images-up
  if [[ "$found" == *'engine: none'* ]]; then export LONGSHORE_DEMO_STARTED_ENGINE=1; fi
fi

exec node --import=tsx scripts/demo/main.ts "$@"
