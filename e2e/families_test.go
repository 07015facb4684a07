package e2e

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// families are those of the design, but for flowd_vpc_info, which is not built yet.
func families() []string {
	return append(durable(),
		"flowd_objects_total", "flowd_object_failures_total",
		"flowd_sqs_messages_received_total", "flowd_sqs_messages_deleted_total", "flowd_sqs_messages_failed_total",
		"flowd_sqs_visibility_extensions_total", "flowd_sqs_queue_messages",
		"flowd_commit_duration_seconds", "flowd_object_duration_seconds",
		"flowd_newest_record_timestamp_seconds", "flowd_last_commit_timestamp_seconds", "flowd_ledger_durable",
		"flowd_ledger_size_bytes", "flowd_ledger_objects", "flowd_ledger_oldest_row_timestamp_seconds", "flowd_ledger_horizon_timestamp_seconds",
		"flowd_circuit_open", "flowd_late_records_total", "flowd_data_complete_until_timestamp_seconds", "flowd_rule_ready", "flowd_sqs_last_receive_timestamp_seconds",
		"flowd_aws_clock_skew_seconds", "flowd_series", "flowd_series_limit", "flowd_series_overflow_total", "flowd_build_info",
	)
}

// missing are the families that a scrape lacks.
func (d *flowd) missing() []string {
	d.t.Helper()
	got := d.families()
	return slices.DeleteFunc(families(), func(name string) bool { return got[name] != nil && len(got[name].Metric) > 0 })
}

func TestAScrapeHasEveryFamily(t *testing.T) {
	t.Parallel()
	s, tr := newSite(t, "families"), newTraffic(t, 9)
	d := s.start(s.flags(t.TempDir()))
	tr.deliver(s, 6)
	tr.untilCounted(d)
	var missing []string
	defer func() {
		if len(missing) > 0 {
			t.Errorf("families that are not in the scrape: %v", missing)
		}
	}()
	d.until("every family, that of complete flow logs when the queue was seen empty", func() bool {
		missing = d.missing()
		return len(missing) == 0
	})
	for name := range d.families() {
		if strings.HasPrefix(name, "flowd_") && !slices.Contains(families(), name) {
			t.Errorf("%s is in the scrape, and not in the list of families", name)
		}
	}
}

func TestPromtoolFindsNothing(t *testing.T) {
	t.Parallel()
	promtool := needs(t, "promtool")
	s, tr := newSite(t, "promtool"), newTraffic(t, 10)
	d := s.start(s.flags(t.TempDir()))
	tr.deliver(s, 6)
	tr.untilCounted(d)
	d.lint(promtool)
}

// lint lets promtool judge a scrape.
func (d *flowd) lint(promtool string) {
	d.t.Helper()
	check := exec.CommandContext(d.t.Context(), promtool, "check", "metrics")
	check.Stdin = bytes.NewReader(body(d.t, d.url+"/metrics"))
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		d.t.Errorf("promtool check metrics: got %v and\n%s, want nothing", err, out)
	}
}
