#!/usr/bin/env bash
# Checks the rules, their tests and the two configurations beside them, and says what it looked at. It needs promtool and amtool (Debian's packages
# prometheus and prometheus-alertmanager).
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { printf 'deploy/prometheus/check.sh: %s\n' "$*" >&2; exit 1; }
count() { grep -chE -- "$@" | awk '{ n += $1 } END { print n + 0 }'; } # How many lines of files match.
some() { [ "$1" -ge "$2" ] || fail "looked at $1 $3, and there are at least $2"; }

syntax() {
  promtool check rules --lint=all --lint-fatal rules/*.yml >"$work/rules" || { cat "$work/rules"; fail "the rules are wrong"; }
  promtool check config --lint=all --lint-fatal prometheus.yml >"$work/config" || { cat "$work/config"; fail "prometheus.yml is wrong"; }
  local records alerts
  records=$(count '^ *- record:' rules/*.yml) alerts=$(count '^ *- alert:' rules/*.yml)
  some "$records" 30 "recording rules"
  some "$alerts" 17 alerts
  echo "$(ls rules/*.yml | wc -l) rule files: $records recording rules, $alerts alerts"
}

tests() {
  local cases expectations
  cases=$(count '^  - name:' tests/*_test.yml) expectations=$(count '^ *(eval_time|exp_alerts):?' tests/*_test.yml)
  some "$cases" 40 cases
  [ "$(count '^group_eval_order:' tests/*_test.yml)" -eq "$(ls tests/*_test.yml | wc -l)" ] || fail "a test file does not set group_eval_order"
  (cd tests && printf '%s\n' *_test.yml | xargs -P "$(nproc)" -I{} sh -c 'promtool test rules {} >"$0/{}" 2>&1 || { cat "$0/{}"; exit 1; }' "$work") ||
    fail "a rule does not do what its test says"
  echo "$(ls tests/*_test.yml | wc -l) test files: $cases cases, $expectations looks at alerts and values"
}

# broken are rules that are wrong on purpose: what is wrong, the test file that must find it, and how to make it so.
broken() {
  cat <<'LIST'
late records count as on time          | late_test.yml      | s/- on (job) group_left () job:flowd_late_records:rate15m/- on (job) group_left () (0 * job:flowd_late_records:rate15m)/
a backlog counts as 15 minutes         | backlog_test.yml   | s/(900 . job:flowd_event_time_covered:seconds15m)/(job:flowd_event_time_covered:seconds15m ^ 0)/
the share of rejects is not asked for  | late_test.yml      | s/> 3 \* vpc:flowd_reject_per_accept:avg1d/> 0 * vpc:flowd_reject_per_accept:avg1d/
late data is not looked at             | hidden_test.yml    | s/> 3 \* vpc:flowd_reject_per_accept:avg1d/> 1e9 * vpc:flowd_reject_per_accept:avg1d/
interfaces: late records are on time   | interface_test.yml | /interface:flowd_interface_records_reject:bound15m/,/record: interface:flowd_reject_per/s/job:flowd_late_records:rate15m/(0 * job:flowd_late_records:rate15m)/
no floor                               | quiet_test.yml     | s/+ 1, "term", "floor"/+ 0, "term", "floor"/
no floor for interfaces                | quiet_test.yml     | s/+ 0.2, "term", "floor"/+ 0, "term", "floor"/
no ratio                               | bursts_test.yml    | s/(3 \* vpc:flowd_flow_records_reject:avg1d, "term", "ratio"/(1 * vpc:flowd_flow_records_reject:avg1d, "term", "ratio"/; s/4 \* vpc:flowd_flow_records_reject:stddev1d/0 * vpc:flowd_flow_records_reject:stddev1d/; s/3 \* avg_over_time/0 * avg_over_time/
no z-score                             | spike_test.yml     | s/4 \* vpc:flowd_flow_records_reject:stddev1d/0 * vpc:flowd_flow_records_reject:stddev1d/
the baseline learns from attacks       | baseline_test.yml  | s/clamp_min(3 \* vpc:flowd_flow_records_reject:avg1d, 2)/clamp_min(3 * vpc:flowd_flow_records_reject:avg1d, 1e9)/
no history is asked for                | spike_test.yml     | s/> 240/> 1/
yesterday does not matter              | baseline_test.yml  | s/3 \* avg_over_time(vpc:/0 * avg_over_time(vpc:/
everybody is new                       | scanner_test.yml   | s/unless max_over_time(srcaddr/unless 0 * max_over_time(srcaddr/
missing objects are a drop of traffic  | drop_test.yml      | s/> 0.5 \* job:flowd_objects_counted:avg1d/> -1 * job:flowd_objects_counted:avg1d/
a backlog is lost coverage             | coverage_test.yml  | s/job:flowd_data_complete_until:lag > 1800/job:flowd_data_complete_until:lag > 1e12/
the share of rejects does not burn     | drift_test.yml     | s/label_replace(2 \* vpc:flowd_reject_ratio:objective/label_replace(9 * vpc:flowd_reject_ratio:objective/; s/(1 + vpc:flowd_reject_ratio:objective)/(2 + vpc:flowd_reject_ratio:objective)/
every broken line is an alert         | health_test.yml    | s/flowd_records_malformed_total\[1h\])) > 100/flowd_records_malformed_total[1h])) > 0/
one failed scrape is flowd down        | gap_test.yml       | /alert: FlowdDown/,/for:/s/for: 5m/for: 0m/
a night is a drop of traffic           | morning_test.yml   | s/and vpc:flowd_flow_bytes:rate30m < 0.3 \* avg_over_time/and vpc:flowd_flow_bytes:rate30m < 3000 * avg_over_time/
LIST
}

# must_fail applies one line of broken to a copy of the rules, and runs its test.
must_fail() {
  local what file change dir
  IFS='|' read -r what file change <<<"$1"
  what=$(xargs <<<"$what") file=$(xargs <<<"$file")
  dir=$(mktemp -d -p "$work")
  cp -r rules tests "$dir"
  sed -i -- "$change" "$dir"/rules/*.yml
  ! diff -rq rules "$dir/rules" >/dev/null || { echo "not broken any more: $what"; return 1; }
  promtool check rules "$dir"/rules/*.yml >/dev/null 2>&1 || { echo "broken too much: $what"; return 1; }
  if (cd "$dir/tests" && promtool test rules "$file" >"$dir/out" 2>&1); then echo "$file did not find it: $what"; return 1; fi
  ! grep -q 'no such file\|unmarshal' "$dir/out" || { cat "$dir/out"; return 1; }
}

mutants() {
  export work
  export -f must_fail
  broken | xargs -P "$(nproc)" -d '\n' -I{} bash -c 'must_fail "$0"' {} || fail "a test does not see what is broken"
  local n
  n=$(broken | wc -l)
  some "$n" 15 "broken rules"
  echo "$n broken rules, each found by its test"
}

alertmanager() {
  local file=../alertmanager/alertmanager.yml n=0 receiver severity
  amtool check-config "$file" >"$work/amtool" || { cat "$work/amtool"; fail "alertmanager.yml is wrong"; }
  while read -r severity receiver; do
    amtool config routes test --config.file="$file" --verify.receivers="$receiver" severity="$severity" >"$work/route" 2>&1 ||
      { cat "$work/route"; fail "severity $severity does not reach $receiver"; }
    n=$((n + 1))
  done <<<$'critical pager\nwarning tickets\ninfo notes'
  some "$n" 3 routes
  echo "alertmanager.yml: $(sed -n 's/^ - \([0-9]* [ir].*\)/\1/p' "$work/amtool" | paste -sd ';'); $n routes followed"
}

syntax
tests
mutants
alertmanager
