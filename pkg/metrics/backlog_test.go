package metrics

import (
	"fmt"
	"testing"
	"time"
)

// playBacklog counts three hours of objects, one for each delivery and the newest first, before the queue is empty.
func (s *service) playBacklog() (objects int) {
	s.t.Helper()
	at := s.now.Unix()
	for i := range 36 {
		end := at - int64(i)*int64(deliveryWindow/time.Second)
		s.now = s.now.Add(time.Second)
		s.countFrom(Arrival{ID: fmt.Sprint("backlog ", i), FlowLogID: "fl-1", Stamp: time.Unix(end, 0)}, timed(s.t, "vpc-1", end-60, end, 1, 1))
		s.commit()
	}
	return 36
}

// TestBacklogInAnyOrderIsNotLate: a queue gives what waits on it in any order. The newest object must not close the minutes of the others.
func TestBacklogInAnyOrderIsNotLate(t *testing.T) {
	for name, before := range map[string]func(s *service){
		"first start": func(*service) {},
		"restart": func(s *service) {
			at := s.now.Unix()
			s.countFrom(s.object("before", 0), timed(t, "vpc-1", at-60, at, 1, 1))
			s.quiet()
			s.now = s.now.Add(4 * time.Hour)
			s.restart()
		},
		"outage": func(s *service) {
			at := s.now.Unix()
			s.countFrom(s.object("before", 0), timed(t, "vpc-1", at-60, at, 1, 1))
			s.quiet()
			s.now = s.now.Add(4 * time.Hour)
			s.commit()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil)
			s.scrape()
			before(s)
			minutes, until, end := len(s.eventTime()), s.completeUntil(), s.now.Unix()
			objects := s.playBacklog()
			if got := s.completeUntil(); got != until {
				t.Errorf("while the queue was not seen empty: complete until %d, want %d as before", got, until)
			}
			s.quiet()
			s.commit()
			if got := s.completeUntil(); got != end {
				t.Errorf("afterwards: complete until %d, want %d", got, end)
			}
			if got := s.scrape().sum("flowd_late_records_total"); got != 0 {
				t.Errorf("%v records are late, want none", got)
			}
			if got := len(s.eventTime()) - minutes; got != objects {
				t.Errorf("%d objects of as many minutes are in %d minutes: %v", objects, got, s.eventTime())
			}
		})
	}
}

// TestABacklogThatDoesNotEndIsSeen: a flow log must not stay out of view, and of alerts about lag, because the queue is never empty.
func TestABacklogThatDoesNotEndIsSeen(t *testing.T) {
	s := newService(t, nil)
	oldest := s.now.Add(-idleLag).Truncate(deliveryWindow).Unix()
	s.playBacklog()
	s.now = s.now.Add(outstandingFor)
	s.commit()
	if got, most := s.completeUntil(), oldest-35*int64(deliveryWindow/time.Second); got == 0 || got > most {
		t.Errorf("after an hour: complete until %d, want at most %d", got, most)
	}
}

// TestNoStampFromTheFuture: whoever may write to the bucket may invent keys.
func TestNoStampFromTheFuture(t *testing.T) {
	s := newService(t, nil)
	at := s.now.Unix()
	s.countFrom(s.object("a", -24*365*time.Hour), timed(t, "vpc-1", at-60, at, 1, 1))
	s.quiet()
	s.commit()
	if got := s.completeUntil(); got != at {
		t.Errorf("complete until %d, want %d", got, at)
	}
}

func TestMoreFlowLogsThanTheBound(t *testing.T) {
	for range 10 { // Which of them have a watermark of their own is left to chance.
		s := newService(t, nil)
		at := s.now.Unix()
		for i := range maxFlowLogs + 100 {
			x := s.object(fmt.Sprint(i), 0)
			x.FlowLogID = fmt.Sprint("fl-", i)
			s.countFrom(x, timed(t, "vpc-1", at-60, at, 1, 1))
		}
		s.quiet()
		s.commit()
		if n := len(s.totals.state.sets[familyWatermark]); n < maxFlowLogs || n > maxFlowLogs+1 {
			t.Fatalf("%d watermarks, want at most %d", n, maxFlowLogs+1)
		}
		if s.totals.watermarksDue(s.now) {
			t.Fatal("a transaction is due that would change nothing")
		}
	}
}
