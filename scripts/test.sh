#!/usr/bin/env bash
# Every test, from a clean clone on a bare machine: installs the dependencies, makes sure of a Docker Engine, a
# registry and base images (scripts/engine.sh), runs `npm run check`, and stops again what it had to start.
# The last line is `N passed, N failed, N skipped`; the exit code is 0 only where nothing failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v node >/dev/null || ! node -e '
  const [major, minor] = process.versions.node.split(".").map(Number)
  process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; then
  echo "Node 20.19 or newer is needed, and this machine has $(node --version 2>/dev/null || echo none)." >&2
  exit 2
fi

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

# A lock file that this clone was already installed from needs no second installation.
if ! cmp -s package-lock.json node_modules/.longshore-installed; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.longshore-installed
fi

bash scripts/engine.sh up
if ! command -v shellcheck >/dev/null; then
  bash scripts/engine.sh install shellcheck || echo 'shellcheck could not be installed: its step will fail' >&2
fi

export LONGSHORE_REQUIRE_ENGINE=1
npm run --silent check
