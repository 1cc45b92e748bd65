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

# npm writes what it installed at its end, so an installation that was broken off counts as none. What is optional may be
# for another platform.
is_installed() {
  node -e '
    const { readFileSync } = require("node:fs")
    const packagesOf = (file) => JSON.parse(readFileSync(file, "utf8")).packages
    const wanted = packagesOf("package-lock.json")
    const found = packagesOf("node_modules/.package-lock.json")
    const isSame = (a, b) => a !== undefined && b !== undefined && a.version === b.version && a.integrity === b.integrity
    const isThere = ([place, entry]) => place === "" || isSame(entry, found[place]) || (entry.optional && !found[place])
    const isWanted = ([place, entry]) => isSame(entry, wanted[place])
    process.exit(Object.entries(wanted).every(isThere) && Object.entries(found).every(isWanted) ? 0 : 1)
  ' 2>/dev/null
}

if ! is_installed; then
  echo 'Installing dependencies ...' >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
fi
