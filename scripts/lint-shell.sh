#!/usr/bin/env bash
# Every shell script that git knows, through shellcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v shellcheck >/dev/null; then
  echo 'shellcheck is not installed (Debian, Ubuntu: apt-get install shellcheck)' >&2
  exit 1
fi
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.sh' '.ci/run')
for file in "${files[@]}"; do [ -e "$file" ] && existing+=("$file"); done
shellcheck --external-sources "${existing[@]}"
