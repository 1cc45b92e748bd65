#!/usr/bin/env bash
# Every test, from a clean clone on a bare machine: installs the dependencies, makes sure of a Docker Engine, a
# registry and base images (scripts/engine.sh), runs `npm run check`, and stops again what it had to start.
# The last line is `N passed, N failed, N skipped`; the exit code is 0 only where nothing failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/install.sh

# What is already there stays as it is; only what this run starts is stopped at its end.
found=$(bash scripts/engine.sh status 2>/dev/null || true)
clean_up() {
  case "$found" in
    *'engine: none'*) bash scripts/engine.sh down ;;
    *'registry: none'*) bash scripts/engine.sh registry-down dev ;;
  esac
}
trap clean_up EXIT
trap 'exit 130' INT TERM

bash scripts/engine.sh up

missing=()
command -v shellcheck >/dev/null || missing+=(shellcheck)
# For the page, in a real browser.
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
# For the store over PostgreSQL; tests start servers of their own.
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
if [ ${#missing[@]} -gt 0 ]; then
  echo "Installing ${missing[*]} ..."
  bash scripts/engine.sh install "${missing[@]}" ||
    echo "${missing[*]} could not be installed: what needs them will fail. Debian: apt-get install ${missing[*]}" >&2
fi

export LONGSHORE_REQUIRE_ENGINE=1
# Where both are there, tests with the real Terraform and providers may not skip.
if command -v terraform >/dev/null && command -v go >/dev/null; then export LONGSHORE_REQUIRE_TERRAFORM=1; fi
npm run --silent check
