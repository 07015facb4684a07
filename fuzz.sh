#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time, and fails when there is none.
set -euo pipefail
cd "$(dirname "$0")"
time=${1:-10s}
targets=0
for package in $(go list ./...); do
  for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
    echo "fuzzing $package $target for $time"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
    targets=$((targets + 1))
  done
done
echo "$targets fuzz targets ran"
[ "$targets" -gt 0 ]
