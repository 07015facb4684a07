package metrics

import (
	"maps"
	"testing"
	"time"

	"flowd/pkg/parser"
)

// minute is the one in which every test begins.
func minute() int64 { return start().Unix() / 60 }

// eventTime is what the timeline of a service has, by minute after the test began.
func (s *service) eventTime() map[int64]counts {
	got := map[int64]counts{}
	for _, m := range s.totals.EventTime().Minutes {
		if m.Accept != (Flows{}) {
			got[m.Time/60-minute()] = counts{m.Accept.Records, m.Accept.Bytes, m.Accept.Packets}
		}
	}
	return got
}

func (s *service) countFrom(x Arrival, records ...*parser.Record) {
	s.t.Helper()
	b := s.totals.NewBatch(s.now)
	b.From(x)
	for _, r := range records {
		b.Add(r)
	}
	s.totals.Announced(x, s.now)
	s.commit(b)
	s.totals.Settled(x.ID)
}

// quiet says that the queue is empty a second later, and lets housekeeping follow.
func (s *service) quiet() {
	s.t.Helper()
	s.now = s.now.Add(time.Second)
	s.totals.QueueEmpty(s.now, false)
	if s.totals.Due(s.now) {
		s.commit()
	}
}

func (s *service) object(id string, ago time.Duration) Arrival {
	return Arrival{ID: id, FlowLogID: "fl-1", Stamp: s.now.Add(-ago)}
}

func TestEventTimeSurvivesARestart(t *testing.T) {
	s := newService(t, nil)
	at := start().Unix()
	s.countFrom(s.object("a", 0), timed(t, "vpc-1", at-600, at-540, 100, 1), timed(t, "vpc-1", at-90, at-30, 60, 6), timed(t, "vpc-2", at-600, at-540, 7, 1))
	want := map[int64]counts{-10: {2, 107, 2}, -2: {0, 30, 3}, -1: {1, 30, 3}}
	if got := s.eventTime(); !maps.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	s.restart()
	if got := s.eventTime(); !maps.Equal(got, want) {
		t.Errorf("after a restart: got %v, want %v", got, want)
	}
}

func TestAFailedStageLeavesEventTimeAsItWas(t *testing.T) {
	s := newService(t, nil)
	at := start().Unix()
	b := s.totals.NewBatch(s.now)
	b.Add(timed(t, "vpc-1", at-600, at-540, 100, 1))
	s.failStage(true, b)
	if got := s.eventTime(); len(got) != 0 {
		t.Fatalf("after a stage that failed: got %v, want nothing", got)
	}
	s.commit(b)
	if got, want := s.eventTime(), (map[int64]counts{-10: {1, 100, 1}}); !maps.Equal(got, want) {
		t.Errorf("after the next one: got %v, want %v", got, want)
	}
}

// TestLateRecordsCountInTheNextOpenMinute: what a minute held when it was closed never changes, the total is right all the same, and the counter says how many came late.
func TestLateRecordsCountInTheNextOpenMinute(t *testing.T) {
	s := newService(t, func(c *Config) { c.Lateness = time.Minute })
	at := start().Unix()
	s.scrape()
	s.countFrom(s.object("a", 0), timed(t, "vpc-1", at-600, at-540, 100, 1))
	s.quiet()
	if got, want := s.totals.EventTime().ClosedUntil, at-600; got != want {
		t.Fatalf("closed until %d, want %d: the watermark is the end of the record, and a minute stays open for what is late", got, want)
	}
	s.countFrom(s.object("b", 0), timed(t, "vpc-1", at-660, at-600, 10, 1), timed(t, "vpc-1", at-540, at-480, 1, 1))
	want := map[int64]counts{-10: {2, 110, 2}, -9: {1, 1, 1}}
	if got := s.eventTime(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := s.scrape().sum("flowd_late_records_total"); got != 1 {
		t.Errorf("flowd_late_records_total is %v, want 1", got)
	}
}

// TestOldHoursLeaveTheRing, and leave no counters behind for whoever gets their slots.
func TestOldHoursLeaveTheRing(t *testing.T) {
	s := newService(t, func(c *Config) { c.TimelineSpan = time.Hour })
	at := start().Unix()
	s.count(timed(t, "vpc-1", at-60, at, 100, 1))
	s.now = s.now.Add(3 * time.Hour)
	s.commit()
	s.commit()
	if got := s.eventTime(); len(got) != 0 {
		t.Errorf("three hours later: got %v, want nothing", got)
	}
	later := s.now.Unix()
	s.count(timed(t, "vpc-9", later-60, later, 5, 1))
	s.restart()
	if got, want := s.eventTime(), (map[int64]counts{later/60 - minute() - 1: {1, 5, 1}}); !maps.Equal(got, want) {
		t.Errorf("a new hour: got %v, want %v", got, want)
	}
	if total := s.totals.state.index[string(appendKey(nil, familyTimeline, []string{"123456789012", "vpc-1", "accept"}))]; total == nil {
		t.Error("the total of a timeline left with its minutes")
	}
}

func TestAHostileBucketFillsNoTimeline(t *testing.T) {
	s := newService(t, nil)
	at := start().Unix()
	for i := range 4 * maxTimelines {
		s.count(timed(t, "vpc-"+address(i), at-60, at, 1, 1))
	}
	if n := len(s.totals.state.sets[familyTimeline]); n > maxTimelines+numActions {
		t.Errorf("%d timelines, want at most %d", n, maxTimelines+numActions)
	}
	if got, want := s.eventTime(), (map[int64]counts{-1: {4 * maxTimelines, 4 * maxTimelines, 4 * maxTimelines}}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v: what has no timeline of its own counts as other", got, want)
	}
}

func TestFutureRecordsCountWhenTheirObjectWasWritten(t *testing.T) {
	s := newService(t, nil)
	at := start().Unix()
	s.count(timed(t, "vpc-1", at+86400, at+86460, 100, 1), timed(t, "vpc-1", 0, 0, 1, 1))
	if got, want := s.eventTime(), (map[int64]counts{0: {2, 101, 2}}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
