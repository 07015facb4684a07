package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheServiceWritesRemotely: what a configuration file names gets the minutes that are closed, with its labels, and the gauge says up to when a flow log
// is complete.
func TestTheServiceWritesRemotely(t *testing.T) {
	t.Parallel()
	p := startReceiver(t)
	s, tr := newSite(t, "remote"), newTraffic(t, 12)
	file := filepath.Join(t.TempDir(), "flowd.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "remote_write:\n  - url: %s/api/v1/write\n    labels: {replica: one}\n", p.url), 0o600); err != nil {
		t.Fatal(err)
	}
	d := s.start(s.flags(t.TempDir()).with("config.file", file).with("metrics.event-time-lateness", "0s"))
	tr.deliver(s, 1) // So that the endpoint is known before there is anything to send.
	d.untilMore(0)
	tr.deliver(s, 5)
	tr.untilCounted(d)
	sum := func() (records float64) {
		for series, values := range p.query(`last_over_time(flowd_event_records_total{replica="one"}[1h])`, 0) {
			if !strings.Contains(series, "replica=one") {
				t.Errorf("%s has not the label of its endpoint", series)
			}
			records += values[0].value
		}
		return records
	}
	d.until("minutes to be stored", func() bool { return sum() > 0 })
	got := d.scrape()
	all := 0.0
	for k, v := range got {
		if strings.HasPrefix(k, "flowd_flow_records_total{") {
			all += v
		}
	}
	if stored := sum(); stored > all {
		t.Errorf("%v records are stored, and %v were counted", stored, all)
	}
	complete := 0
	for k, v := range got {
		if strings.HasPrefix(k, "flowd_data_complete_until_timestamp_seconds{flow_log_id=fl-") && v > 0 {
			complete++
		}
	}
	if complete == 0 {
		t.Error("no flow log says up to when it is complete")
	}
}
