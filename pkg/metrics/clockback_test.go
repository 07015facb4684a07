package metrics

import (
	"testing"
	"time"
)

// F73 clock ahead, and right again: event time goes on, however long it was ahead; what is counted meanwhile stays, and no closed minute or position is yet
// to come.
func TestF73_ClockAheadAndBack(t *testing.T) {
	for name, restarts := range map[string]bool{"the process goes on": false, "it was started again": true} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil)
			at := s.now.Unix()
			s.countFrom(s.object("before", 0), timed(t, "vpc-1", at-60, at, 1, 1))
			s.quiet()
			right := s.now
			s.now = s.now.Add(365 * 24 * time.Hour)
			s.totals.QueueEmpty(s.now, true)
			s.commit()
			s.totals.RemoteSent("endpoint", s.totals.EventTime().ClosedUntil-60)
			s.countFrom(Arrival{ID: "ahead", FlowLogID: "fl-1", Stamp: right}, timed(t, "vpc-1", at-60, at, 10, 1))
			if restarts {
				s.commit()
				s.restart()
			}
			s.now = right.Add(time.Minute)
			at = s.now.Unix()
			s.countFrom(s.object("after", 0), timed(t, "vpc-1", at-60, at, 100, 1))
			s.commit()
			e := s.totals.EventTime()
			if now := s.now.Unix(); e.CompleteUntil > now || e.ClosedUntil > now || s.totals.RemotePosition("endpoint") >= e.ClosedUntil {
				t.Errorf("now is %d: complete until %d, closed until %d, sent until %d", now, e.CompleteUntil, e.ClosedUntil, s.totals.RemotePosition("endpoint"))
			}
			bytes := uint64(0)
			for _, m := range e.Minutes {
				if bytes += m.Accept.Bytes; m.Time > s.now.Unix() {
					t.Errorf("%+v is a minute that is yet to come", m)
				}
			}
			if bytes != 110 {
				t.Errorf("%d bytes are in event time, want 110: what was counted since the clock was ahead", bytes)
			}
			for range 3 {
				s.now = s.now.Add(time.Hour)
				s.totals.QueueEmpty(s.now, true)
				s.commit()
			}
			last := Timeline{}
			for _, m := range s.closed("vpc-1") {
				last.Total.Bytes = max(last.Total.Bytes, m.Total.Bytes)
			}
			if last.Total.Bytes != 110 { // To the clock that was ahead the timeline was idle for a year, so it began again.
				t.Errorf("the endpoint gets %d bytes in the end, want 110", last.Total.Bytes)
			}
		})
	}
}
