#!/usr/bin/env bash
# Checks Node and installs the dependencies, unless this clone has them already as the lock file wants them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v node >/dev/null || ! node -e '
  const [major, minor] = process.versions.node.split(".").map(Number)
  process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; then
  echo "Longshore needs Node 20.19 or newer, and this machine has $(node --version 2>/dev/null || echo none)." >&2
  echo '  Get it from your distribution, or from the project of Node itself.' >&2
  exit 2
fi

mark=node_modules/.longshore-installed
if ! cmp -s package-lock.json "$mark"; then
  echo 'Installing dependencies ...' >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$mark"
fi
