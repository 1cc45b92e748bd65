#!/bin/sh
# Runs inside of the image: puts a fresh enrolment token of the pool $1, good for an hour, into the file $2, for agents
# that share a volume with it. Asks the coordinator at LONGSHORE_URL with the token in LONGSHORE_TOKEN_FILE.
set -eu
umask 077
node /app/longshore.mjs enroll-token --pool "$1" --many >"$2.new"
mv "$2.new" "$2"
