package metrics

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// closed is what ClosedMinutes says of one VPC, by minute.
func (s *service) closed(vpc string) map[int64]Timeline {
	got := map[int64]Timeline{}
	for after := s.now.Add(-s.cfg.TimelineSpan).Unix() / 60 * 60; ; {
		minutes := s.totals.ClosedMinutes(after, 7, s.now)
		if len(minutes) == 0 {
			return got
		}
		for _, m := range minutes {
			after = m.Time
			for _, t := range m.Timelines {
				if t.VPCID == vpc {
					got[m.Time/60] = t
				}
			}
		}
	}
}

// TestClosedMinutesNeverChange plays deliveries that come late and in any order, through failures and restarts: whatever was closed once has the same values for
// ever, and in the end they are what the records say.
func TestClosedMinutesNeverChange(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 1))
			s := newService(t, func(c *Config) { c.Lateness = time.Duration(dice.IntN(10)) * time.Minute })
			seen, want := map[int64]Timeline{}, Flows{}
			for step := range 150 {
				s.now = s.now.Add(time.Duration(dice.IntN(60)) * time.Second)
				end := s.now.Unix() - int64(dice.IntN(900))
				n := uint64(dice.IntN(1000))
				x := Arrival{ID: fmt.Sprint(step), FlowLogID: fmt.Sprintf("fl-%d", step%2), Stamp: time.Unix(end, 0)}
				b := s.totals.NewBatch(s.now)
				b.From(x)
				b.Add(timed(t, "vpc-1", end-int64(dice.IntN(600)), end, n, n/3))
				s.totals.Announced(x, s.now)
				if dice.IntN(5) == 0 {
					s.failStage(dice.IntN(2) == 0, b)
				}
				s.commit(b)
				s.totals.Settled(x.ID)
				want.Records, want.Bytes, want.Packets = want.Records+1, want.Bytes+n, want.Packets+n/3
				s.quiet()
				if dice.IntN(10) == 0 {
					s.restart()
				}
				now := s.closed("vpc-1")
				for minute, before := range seen {
					if after, ok := now[minute]; ok && after != before {
						t.Fatalf("step %d: minute %d was %+v and is %+v", step, minute, before, after)
					}
				}
				maps.Copy(seen, now)
			}
			s.now = s.now.Add(2 * time.Hour)
			s.totals.QueueEmpty(s.now, true)
			s.commit()
			now := s.closed("vpc-1")
			if len(now) < 60 {
				t.Fatalf("looked at %d minutes only", len(now))
			}
			minutes := slices.Sorted(maps.Keys(now))
			if got := now[minutes[len(minutes)-1]].Total; got != want {
				t.Errorf("the last minute has %+v, want everything: %+v", got, want)
			}
			births := 0
			for i, m := range minutes {
				if now[m].New {
					births++
				}
				if i > 0 && (m != minutes[i-1]+1 || now[m].Total.Bytes < now[minutes[i-1]].Total.Bytes) {
					t.Errorf("minute %d follows %d with %d after %d bytes", m, minutes[i-1], now[m].Total.Bytes, now[minutes[i-1]].Total.Bytes)
				}
			}
			if births != 1 || !now[minutes[0]].New {
				t.Errorf("%d minutes are the first one, want the first of the list alone", births)
			}
		})
	}
}

func TestFirstAnswerIsTheNewestMinute(t *testing.T) {
	s := newService(t, nil)
	if got := s.totals.ClosedMinutes(0, 10, s.now); got != nil {
		t.Fatalf("before anything is closed: got %v", got)
	}
	at := start().Unix()
	s.countFrom(s.object("a", 0), timed(t, "vpc-1", at-60, at, 1, 1))
	s.quiet()
	got := s.totals.ClosedMinutes(0, 10, s.now)
	if want := s.totals.EventTime().ClosedUntil - 60; len(got) != 1 || got[0].Time != want {
		t.Errorf("got %v, want the minute of %d", got, want)
	}
}

func TestRemotePositionSurvivesARestart(t *testing.T) {
	s := newService(t, nil)
	s.totals.RemoteSent("prometheus:9090", 6000)
	if got := s.totals.RemotePosition("prometheus:9090"); got != 6000 {
		t.Errorf("at once: %d, want 6000", got)
	}
	if !s.totals.Due(s.now) {
		t.Fatal("nothing is due")
	}
	s.commit()
	if s.totals.Due(s.now) {
		t.Error("something is due again")
	}
	s.restart()
	if got := s.totals.RemotePosition("prometheus:9090"); got != 6000 {
		t.Errorf("after a restart: %d, want 6000", got)
	}
}

// TestRemotePositionOfAnEndpointThatIsAway: it stays for as long as somebody asks for it, or the minutes that are kept for the endpoint would never be sent.
func TestRemotePositionOfAnEndpointThatIsAway(t *testing.T) {
	s := newService(t, nil)
	s.totals.RemoteSent("away", 6000)
	s.totals.RemoteSent("removed", 6000)
	s.commit()
	s.restart()
	for range 30 {
		s.now = s.now.Add(time.Hour)
		s.totals.RemotePosition("away")
		s.commit()
	}
	s.restart()
	if got := s.totals.RemotePosition("away"); got != 6000 {
		t.Errorf("after 30 hours: %d, want 6000", got)
	}
	if got := s.totals.RemotePosition("removed"); got != 0 {
		t.Errorf("of one that nobody asks for: %d, want 0", got)
	}
}
