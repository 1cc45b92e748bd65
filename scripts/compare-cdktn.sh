#!/usr/bin/env bash
# Whether cdktn, the continuation of cdktf, writes the same configuration: both write the stacks of all example fleets, the
# second in a copy of this checkout in a temporary folder, with cdktn in place of cdktf. Prints what differs.
#   bash scripts/compare-cdktn.sh [CDKTN] [CONSTRUCTS]
# Needs npm's registry and half a gigabyte for a while. The bindings are the same on both sides.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cdktn=${1:-0.24.0}
constructs=${2:-10.6.0}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work/moved" "cdktn@$cdktn" "constructs@$constructs"

# The bindings ask for cdktf by name, from where they are: so they are copied, and the rest is linked.
mkdir -p "$work/copy/node_modules"
git ls-files -z --cached --others --exclude-standard -- '*.ts' '*.json' '*.yaml' | xargs -0 cp --parents -t "$work/copy"
for folder in node_modules/* node_modules/.bin; do
  case "${folder#node_modules/}" in
    cdktf | constructs | @cdktf) ;;
    *) ln -s "$PWD/$folder" "$work/copy/node_modules/" ;;
  esac
done
mkdir "$work/copy/node_modules/@cdktf"
for binding in provider-google provider-docker; do
  cp -a "node_modules/@cdktf/$binding" "$work/copy/node_modules/@cdktf/"
done
for module in "$work"/moved/node_modules/*; do
  name=$(basename "$module")
  [ "$name" != cdktn ] || name=cdktf
  rm -rf "$work/copy/node_modules/$name"
  cp -a "$module" "$work/copy/node_modules/$name"
done

node --import=tsx scripts/cdktn/write-stacks.ts "$work/cdktf"
(cd "$work/copy" && node --import=tsx scripts/cdktn/write-stacks.ts "$work/cdktn")
# Not its own name and version beside the configuration, nor how it writes what is empty.
find "$work/cdktf" "$work/cdktn" -type f ! -name cdk.tf.json -delete
# shellcheck disable=SC2016 # A template of JavaScript.
find "$work/cdktf" "$work/cdktn" -name cdk.tf.json -exec node -e '
  const { readFileSync, writeFileSync } = require("node:fs")
  for (const file of process.argv.slice(1)) {
    const configuration = JSON.parse(readFileSync(file, "utf8"), (key, value) => (key === "//" ? undefined : value))
    writeFileSync(file, `${JSON.stringify(configuration, null, 1)}\n`)
  }' {} +
if diff -r "$work/cdktf" "$work/cdktn"; then
  echo "cdktn $cdktn with constructs $constructs writes the same: $(find "$work/cdktn" -name cdk.tf.json | wc -l) configurations"
else
  exit 1
fi
