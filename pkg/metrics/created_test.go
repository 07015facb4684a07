package metrics

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// began reads the start timestamps of a family's series, in Unix seconds; 0 where there is none.
func (s *service) began(name string) map[string]int64 {
	s.t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(s.totals)
	families, err := reg.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	got := map[string]int64{}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.Metric {
			at := m.GetCounter().GetCreatedTimestamp()
			if m.Histogram != nil {
				at = m.Histogram.GetCreatedTimestamp()
			}
			got[labelText(m)] = at.GetSeconds()
		}
	}
	return got
}

// TestStartTimestamps: a series began when it was first exposed at 0, it keeps that through a restart, and one that returns begins anew.
func TestStartTimestamps(t *testing.T) {
	const accepted = "{account_id=123456789012,action=accept,flow_direction=ingress,protocol=tcp,vpc_id=vpc-1}"
	s := newService(t, nil)
	first := s.now.Add(time.Minute)
	s.now = first
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "1", "ACCEPT"))
	want := func(when string, name, series string, at time.Time) {
		t.Helper()
		if got := s.began(name); got[series] != at.Unix() {
			t.Errorf("%s: %s%s began at %d, want %d", when, name, series, got[series], at.Unix())
		}
	}
	want("at once", "flowd_flow_records_total", accepted, first)
	want("at once", "flowd_objects_counted_total", "{}", start())
	want("at once", "flowd_record_age_seconds", "{}", start())
	s.now = s.now.Add(time.Hour)
	s.restart()
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "1", "ACCEPT"))
	want("after a restart", "flowd_flow_records_total", accepted, first)
	want("after a restart", "flowd_record_age_seconds", "{}", start())
	s.now = s.now.Add(s.cfg.IdleTimeout)
	s.commit()
	if got := s.began("flowd_flow_records_total"); len(got) != 0 {
		t.Fatalf("an idle series is still there: %v", got)
	}
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "1", "ACCEPT"))
	want("when it returns", "flowd_flow_records_total", accepted, s.now)
}

// TestStateWithoutStartTimestamps is what a flowd wrote that did not know them: it loads, and has none.
func TestStateWithoutStartTimestamps(t *testing.T) {
	set := &labelSet{family: familyObjectsCounted, slot: 500, width: 1, live: true}
	loaded, err := decodeLabelSet(500, set.encode())
	if err != nil {
		t.Fatal(err)
	}
	if loaded.created != 0 || loaded.began() != nil {
		t.Errorf("got %d, want no start", loaded.created)
	}
}
