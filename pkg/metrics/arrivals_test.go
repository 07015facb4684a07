package metrics

import (
	"fmt"
	"testing"
	"time"
)

const untilSeries = "flowd_data_complete_until_timestamp_seconds{flow_log_id=fl-1}"

func (s *service) completeUntil() int64 {
	s.t.Helper()
	return int64(s.scrape()[untilSeries])
}

func TestCompleteUntil(t *testing.T) {
	s := newService(t, nil)
	at := start().Unix()
	s.countFrom(s.object("a", 10*time.Minute), timed(t, "vpc-1", at-660, at-600, 1, 1))
	if got := s.completeUntil(); got != 0 {
		t.Fatalf("before the queue was seen empty: complete until %d, want nothing", got)
	}
	s.quiet()
	if got, want := s.completeUntil(), at-600; got != want {
		t.Fatalf("with an empty queue: complete until %d, want %d", got, want)
	}
	s.totals.Announced(s.object("b", 5*time.Minute), s.now)
	s.countFrom(s.object("c", 0), timed(t, "vpc-1", at-60, at, 1, 1))
	s.quiet()
	if got, want := s.completeUntil(), at-600; got != want {
		t.Errorf("while an older object is outstanding: complete until %d, want %d", got, want)
	}
	s.countFrom(s.object("b", 5*time.Minute), timed(t, "vpc-1", at-360, at-300, 1, 1))
	s.quiet()
	if got, want := s.completeUntil(), at; got != want {
		t.Errorf("when it was counted: complete until %d, want %d", got, want)
	}
	s.restart()
	if got := s.completeUntil(); got != at {
		t.Errorf("after a restart: complete until %d, want %d", got, at)
	}
	s.countFrom(s.object("d", time.Hour), timed(t, "vpc-1", at-3600, at-3540, 1, 1))
	s.quiet()
	if got := s.completeUntil(); got != at {
		t.Errorf("a late object moved it from %d to %d", at, got)
	}
}

// TestBacklogIsNotComplete: while messages wait, nobody knows what they announce, so the newest object says nothing.
func TestBacklogIsNotComplete(t *testing.T) {
	s := newService(t, nil)
	s.quiet()
	at := s.now.Unix()
	for i := range 10 {
		s.now = s.now.Add(time.Second)
		s.countFrom(s.object(fmt.Sprint(i), 0), timed(t, "vpc-1", at-60, at, 1, 1))
		if s.totals.Due(s.now) {
			s.commit()
		}
	}
	if got, most := s.completeUntil(), at-int64(idleLag/time.Second); got > most {
		t.Errorf("complete until %d though the queue was not empty since, want at most %d", got, most)
	}
}

func TestCompleteUntilBelievesNoFuture(t *testing.T) {
	s := newService(t, nil)
	at := start().Unix()
	s.countFrom(s.object("a", 0), timed(t, "vpc-1", at-60, at, 1, 1), timed(t, "vpc-1", at, at+86400, 1, 1), timed(t, "vpc-1", (at-30)*1000, (at+1)*1000, 1, 1))
	s.quiet()
	if got, want := s.completeUntil(), at+1; got != want {
		t.Errorf("complete until %d, want %d", got, want)
	}
}

// TestIdleFlowLogMovesOn: an idle flow log must not hold back alerts, and a message that fails must.
func TestIdleFlowLogMovesOn(t *testing.T) {
	s := newService(t, nil)
	at := start().Unix()
	s.countFrom(s.object("a", 0), timed(t, "vpc-1", at-60, at, 1, 1))
	s.quiet()
	s.totals.Announced(s.object("poison", 0), s.now)
	s.now = s.now.Add(2 * time.Hour)
	s.totals.QueueEmpty(s.now, false)
	s.commit()
	if got := s.completeUntil(); got != at {
		t.Fatalf("while a message is in flight: complete until %d, want %d", got, at)
	}
	s.totals.QueueEmpty(s.now, true)
	if !s.totals.Due(s.now) {
		t.Fatal("nothing is due with an idle queue")
	}
	s.commit()
	if got, want := s.completeUntil(), s.now.Add(-idleLag).Unix(); got != want {
		t.Errorf("with nothing left: complete until %d, want %d", got, want)
	}
	if s.totals.Due(s.now) {
		t.Error("a transaction is due that would change nothing")
	}
}

func TestWhatIsNeverSeenAgainIsGivenUp(t *testing.T) {
	s := newService(t, nil)
	at := start().Unix()
	s.totals.Announced(s.object("poison", 0), s.now)
	s.countFrom(s.object("a", 0), timed(t, "vpc-1", at-60, at, 1, 1))
	s.quiet()
	if got, most := s.completeUntil(), at-int64(idleLag/time.Second); got > most {
		t.Fatalf("complete until %d while an object of the same window is outstanding, want at most %d", got, most)
	}
	s.now = s.now.Add(outstandingFor)
	s.totals.QueueEmpty(s.now, false)
	s.commit()
	if got := s.completeUntil(); got != at {
		t.Errorf("complete until %d, want %d", got, at)
	}
}

func TestArrivalsAreBounded(t *testing.T) {
	a := newArrivals()
	for i := range 3 * maxOutstanding {
		a.begin(Arrival{ID: fmt.Sprint(i), FlowLogID: fmt.Sprintf("fl-%d", i%(2*maxFlowLogs)), Stamp: start().Add(time.Duration(i) * deliveryWindow)}, start())
	}
	if n := len(a.outstanding); n > maxOutstanding {
		t.Errorf("%d objects are waited for, want at most %d", n, maxOutstanding)
	}
	if n := len(a.flowLogs); n > maxFlowLogs+1 {
		t.Errorf("%d flow logs, want at most %d", n, maxFlowLogs+1)
	}
	for id, f := range a.flowLogs {
		if len(f.windows) > maxWindows {
			t.Errorf("%s has %d windows, want at most %d", id, len(f.windows), maxWindows)
		}
	}
}

// F73 clock jumps: a clock here that is ahead of that of S3 completes no flow log any further than S3's own does.
func TestF73_AClockThatIsAheadCompletesNothing(t *testing.T) {
	s := newService(t, nil)
	at := start().Unix()
	b := s.totals.NewBatch(s.now)
	b.From(s.object("a", 0))
	b.Add(timed(t, "vpc-1", at-60, at, 1, 1))
	s.now = s.now.Add(365 * 24 * time.Hour) // It jumped before the object was counted.
	s.commit(b)
	s.now = s.now.Add(time.Hour)
	s.totals.QueueEmpty(s.now, true)
	s.commit()
	if got, want := s.completeUntil(), start().Add(time.Hour-idleLag).Unix(); got != want {
		t.Errorf("complete until %d, want %d: an hour after S3 wrote the object, less the time that an idle flow log is behind", got, want)
	}
}
