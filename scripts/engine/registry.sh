# shellcheck shell=bash
# A registry on loopback with a data folder of its own: Debian's docker-registry, or the registry image where that
# one cannot be had. NAME keeps several apart (tests, demo).

# Without curl, which a bare machine does not have.
registry_answers() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf 'GET /v2/ HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
    IFS= read -r -t 3 line <&3 && [[ "$line" == *' 200 '* ]]
  ) 2>/dev/null
}

registry_up() {
  local name=$1 port=$2 folder="$STATE/registry-$1" program tries
  if pid_runs "$folder/pid" "$folder/config.yml" && registry_answers "$port"; then return 0; fi
  if [ "$(docker inspect -f '{{.State.Running}}' "longshore-registry-$name" 2>/dev/null)" = true ]; then
    registry_answers "$port" && return 0
  fi
  registry_answers "$port" && give_up "port $port on loopback is taken by another registry" \
    "Stop it, or choose another port with LONGSHORE_REGISTRY_PORT."
  stop_pid "$folder/pid" "$folder/config.yml"
  mkdir -p "$folder/data"
  if program=$(fetch_program docker-registry docker-registry); then
    cat >"$folder/config.yml" <<CONFIG
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: $folder/data
  delete:
    enabled: true
http:
  addr: 127.0.0.1:$port
CONFIG
    setsid nohup "$program" serve "$folder/config.yml" >"$folder/log" 2>&1 </dev/null 9>&- &
    printf '%s\n' $! >"$folder/pid"
  else
    docker rm -f "longshore-registry-$name" >/dev/null 2>&1 || true
    docker run -d --name "longshore-registry-$name" -p "127.0.0.1:$port:5000" -e REGISTRY_STORAGE_DELETE_ENABLED=true \
      registry:2 >/dev/null 2>"$folder/log" || give_up 'no registry could be started' \
      'Install one (Debian, Ubuntu: apt-get install docker-registry), or make the image registry:2 pullable.' \
      "What Docker said: $folder/log"
  fi
  for tries in $(seq 1 100); do
    registry_answers "$port" && return 0
    sleep 0.1
  done
  tail -5 "$folder/log" >&2
  give_up "the registry on port $port does not answer after $((tries / 10)) s" "Its log: $folder/log"
}

registry_down() {
  stop_pid "$STATE/registry-$1/pid" "$STATE/registry-$1/config.yml"
  docker rm -f "longshore-registry-$1" >/dev/null 2>&1 || true
}
