/**
 * Shell functions of a machine on Google Cloud: its metadata, and the private bucket. The machine's token comes from the
 * metadata server, reaches curl over standard input and stands in no command line, file or log.
 */

export const GOOGLE_FUNCTIONS = `METADATA=http://169.254.169.254/computeMetadata/v1
STORAGE=https://storage.googleapis.com
# Prints a value; nothing where there is none. Fails where the server does not answer.
metadata() {
  local answer
  answer=$(curl -sS --max-time 10 --retry 5 --retry-delay 1 --retry-connrefused \\
    -H 'Metadata-Flavor: Google' -w '\\n%{http_code}' "$METADATA/$1") || return 1
  case "\${answer##*$'\\n'}" in
    200) printf '%s' "\${answer%$'\\n'*}" ;;
    404) ;;
    *) return 1 ;;
  esac
}
attribute() { metadata "instance/attributes/longshore-$1" || fail "metadata: the server does not answer"; }
# Into files of ours goes only what cannot be more than a value there.
plain() {
  [[ $2 =~ ^[A-Za-z0-9._:/@+-]*$ ]] || fail "metadata: $1 has characters that do not belong there"
}
required() {
  [ -n "$2" ] || fail "metadata: $1 is missing on this machine"
  plain "$1" "$2"
}

# with_token ARGUMENTS: curl as this machine. The header comes from standard input.
with_token() {
  local token
  token=$(metadata instance/service-accounts/default/token | sed -n 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/p')
  [ -n "$token" ] || {
    log 'metadata: no token for this machine'
    return 1
  }
  printf 'Authorization: Bearer %s\\n' "$token" | curl -sS --fail --connect-timeout 10 -H @- "$@"
}
# bucket_get OBJECT FILE
bucket_get() {
  with_token --max-time 900 -o "$2" "$STORAGE/storage/v1/b/$BUCKET/o/\${1//\\//%2F}?alt=media"
}
# bucket_put FILE OBJECT
bucket_put() {
  with_token --max-time 60 -o /dev/null -X POST -H 'Content-Type: application/x-pem-file' --data-binary "@$1" \\
    "$STORAGE/upload/storage/v1/b/$BUCKET/o?uploadType=media&name=\${2//\\//%2F}"
}
fetch_program() { bucket_get "$2" "$3"; }
# Reads a channel of the bucket: CHANNEL_SHA256, CHANNEL_OBJECT.
read_channel() {
  local file
  file=$(mktemp)
  bucket_get "channels/$1" "$file" || {
    rm -f "$file"
    return 1
  }
  read -r CHANNEL_SHA256 CHANNEL_OBJECT <"$file" || true
  rm -f "$file"
  [[ $CHANNEL_SHA256 =~ ^[0-9a-f]{64}$ && $CHANNEL_OBJECT == "programs/$CHANNEL_SHA256/"* ]] || {
    log "program: channel $1 is not a checksum and an object"
    return 1
  }
}
`;
