#!/usr/bin/env bash
# flowd's demo under a real Prometheus, and Alertmanager where it is installed, without a container engine. It needs Go and Debian's package
# prometheus, runs until Ctrl-C, and leaves nothing behind. FLOWD_ADDRESS, PROMETHEUS_ADDRESS and ALERTMANAGER_ADDRESS move what listens;
# FLOWD_BINARY is used instead of building one; further arguments go to `flowd demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

flowd=${FLOWD_ADDRESS:-127.0.0.1:10420}
prometheus=${PROMETHEUS_ADDRESS:-127.0.0.1:9090}
alertmanager=${ALERTMANAGER_ADDRESS:-127.0.0.1:9093}
readonly tries=150 # To reach a program that was started, five a second.

fail() { printf 'deploy/demo-prometheus.sh: %s\n' "$*" >&2; exit 1; }

work=$(mktemp -d)
children=()
# flowd ends first, while Prometheus still scrapes what it counted last: its table of golden and counted totals is the end of the demo.
cleanup() {
  trap '' INT TERM
  local i
  for ((i = ${#children[@]} - 1; i >= 0; i--)); do
    kill "${children[i]}" 2>/dev/null || true
    wait "${children[i]}" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'echo; exit 0' INT TERM
set -m # Each program is a group of its own: Ctrl-C reaches this script alone, and the script ends them.

free() { # address, variable that moves it
  ! (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null || fail "something listens on $1 already: set $2"
}

ready() { # address; says whether it answers /-/ready with 200
  local line
  exec 3<>"/dev/tcp/${1%:*}/${1##*:}" || return
  printf 'GET /-/ready HTTP/1.0\r\n\r\n' >&3
  read -r line <&3
  exec 3>&-
  [[ $line == *' 200 '* ]]
}

answers() { # address, program
  for _ in $(seq "$tries"); do
    (ready "$1") 2>/dev/null && return
    kill -0 "$last" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 5 "$work/$2.log" >&2 2>/dev/null || true
  fail "$2 does not answer on $1"
}

start() { # name, command …
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 &
  last=$!
  children+=("$last")
}

settings() { # prints the configuration of deploy/compose with addresses and paths of this host
  sed -e "s#flowd:10420#$flowd#" -e "s#alertmanager:9093#$alertmanager#" -e "s#/etc/prometheus/rules#$PWD/deploy/prometheus/rules#" \
    -e 's/\(scrape_interval\|evaluation_interval\): .*/\1: 5s/' deploy/compose/prometheus.yml
}

command -v prometheus >/dev/null || fail "prometheus is not installed: apt-get install prometheus"
free "$flowd" FLOWD_ADDRESS
free "$prometheus" PROMETHEUS_ADDRESS
[ -n "${FLOWD_BINARY:-}" ] || { go build -o "$work/flowd" ./cmd/flowd && FLOWD_BINARY=$work/flowd; }

settings >"$work/prometheus.yml"
if command -v prometheus-alertmanager >/dev/null; then
  free "$alertmanager" ALERTMANAGER_ADDRESS
  start alertmanager prometheus-alertmanager --config.file=deploy/compose/alertmanager.yml --storage.path="$work/alertmanager" \
    --web.listen-address="$alertmanager" --cluster.listen-address=
  answers "$alertmanager" alertmanager
fi
start prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" --web.listen-address="$prometheus"
answers "$prometheus" prometheus
"$FLOWD_BINARY" demo --web.listen-address="$flowd" "$@" &
last=$!
children+=("$last")
answers "$flowd" flowd

cat <<EOF
flowd         http://$flowd/
Prometheus    http://$prometheus/graph?g0.tab=0&g0.range_input=30m&g0.expr=sum%20by%20(action)%20(rate(flowd_flow_records_total%5B15m%5D))
Alertmanager  $([ -e "$work/alertmanager.log" ] && echo "http://$alertmanager/" || echo "not installed: apt-get install prometheus-alertmanager")
rules         $(find deploy/prometheus/rules -name '*.yml' 2>/dev/null | wc -l) files
Ctrl-C ends all of it.
EOF
wait -n || true
tail -n 5 "$work"/*.log >&2
fail "one of the programs ended"
