package main

import (
	"strings"
	"testing"
)

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

func TestAStepBackIsSeen(t *testing.T) {
	for _, test := range []struct {
		name, old, new string
		status         string
		stepsBack      int
	}{
		{name: "nothing changed"},
		{name: "a counter grew", old: "total 12", new: "total 13"},
		{name: "a counter is lower", old: "total 12", new: "total 11", stepsBack: 1},
		{name: "a counter is gone", old: "flowd_objects_counted_total 12\n", new: "", stepsBack: 1},
		{name: "a label set that was born is gone", old: "flowd_records_malformed_total{reason=\"bad_number\"} 0\n", new: "", stepsBack: 1},
		{name: "a bucket of the histogram is lower", old: `{le="60"} 3`, new: `{le="60"} 2`, stepsBack: 1},
		{name: "a counter of the process starts again", old: `"duplicate"} 2`, new: `"duplicate"} 0`},
		{name: "the status shows fewer objects", status: `{"totals":{"objects":11}}`, stepsBack: 1},
		{name: "the status shows more objects", status: `{"totals":{"objects":14}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var w watch
			second := shown{scrape: []byte(strings.Replace(aScrape, test.old, test.new, 1)), status: []byte(test.status)}
			if test.status == "" {
				second.status = nil
			}
			for kills, now := range []shown{{scrape: []byte(aScrape), status: []byte(`{"totals":{"objects":12}}`)}, second} {
				if err := w.look(now, kills); err != nil {
					t.Fatal(err)
				}
			}
			if w.stepsBack != test.stepsBack || (w.first != "") != (test.stepsBack > 0) || w.firstKill != test.stepsBack {
				t.Errorf("steps back: got %d, %q after kill %d, want %d", w.stepsBack, w.first, w.firstKill, test.stepsBack)
			}
		})
	}
}

func TestAStatusWithoutObjectsIsAnError(t *testing.T) {
	var w watch
	if err := w.look(shown{status: []byte(`{"totals":{}}`)}, 0); err == nil {
		t.Error("got no error")
	}
}
