package golden

import "testing"

const aScrape = `# HELP flowd_objects_counted_total Objects in the totals.
# TYPE flowd_objects_counted_total counter
flowd_objects_counted_total 12
flowd_object_bytes_total{encoding="compressed"} 1.5e+06
flowd_record_age_seconds_bucket{le="60"} 3
flowd_record_age_seconds_sum 500
flowd_record_age_seconds_count 4
flowd_objects_total{result="duplicate"} 2
flowd_records_malformed_total{reason="bad_number"} 0
go_goroutines 9
`

func TestAScrapeIsParsed(t *testing.T) {
	s, err := Parse([]byte(aScrape))
	if err != nil || len(s) != 8 || s[`flowd_object_bytes_total{encoding="compressed"}`] != 1.5e6 {
		t.Fatalf("got %v, %v, want 8 samples", s, err)
	}
	if durable := s.Durable(); len(durable) != 6 {
		t.Errorf("durable series: got %v, want those of 4 families", durable)
	}
	for _, broken := range []string{"", "# HELP only\n", "flowd_objects_counted_total\n", "flowd_objects_counted_total twelve\n"} {
		if got, err := Parse([]byte(broken)); err == nil {
			t.Errorf("parsing %q: got %v, want an error", broken, got)
		}
	}
}
