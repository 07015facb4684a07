package metrics

import (
	"strconv"
	"time"
)

// forgetFuture takes back what a clock said that was ahead: a flow log that is complete, a minute that is closed, an endpoint that has everything, each up to
// a time that is yet to come. Nothing else moves them back, and they would hold up event time for as long as the clock was ahead. Traffic that was
// booked ahead moves to the first open minute; the minutes that left the ring meanwhile are gone.
func (s *stage) forgetFuture() {
	limit := s.now.Add(futureTolerance).Unix()
	idle := s.now.Add(-idleLag).Unix()
	closed := (idle-int64(s.t.cfg.Lateness/time.Second))/60 - 1
	s.lower(familyWatermark, limit, idle)
	s.lower(familyClosed, limit/60, closed)
	s.lower(familyRemote, limit, 60*closed)
	s.t.lowerRemoteSent(limit, 60*closed)
	s.bringBack(limit / 3600)
}

// lower sets what is above a limit.
func (s *stage) lower(f family, limit, to int64) {
	for _, set := range s.t.state.sets[f] {
		if int64(s.pages.get(set.slot)) > limit {
			s.page(set.slot)[set.slot%pageValues] = uint64(max(to, 0))
		}
	}
}

func (t *Totals) lowerRemoteSent(limit, to int64) {
	t.remoteMu.Lock()
	defer t.remoteMu.Unlock()
	for endpoint, minute := range t.remoteSent {
		if minute > limit {
			t.remoteSent[endpoint] = max(to, 0)
		}
	}
}

// bringBack empties the hours after the last one that may have traffic.
func (s *stage) bringBack(last int64) {
	var ahead []*labelSet
	for _, set := range s.t.state.sets[familyHour] {
		if hour, err := strconv.ParseInt(set.values[hourPosition], 10, 64); err == nil && hour > last {
			ahead = append(ahead, set)
		}
	}
	if len(ahead) == 0 {
		return
	}
	for _, set := range ahead {
		var all counts
		for at := range uint32(hourWidth) {
			counter := at % uint32(len(all))
			all[counter] = addSaturating(all[counter], s.pages.get(set.slot+at))
		}
		s.addToRing(set.values[:hourPosition], max(s.closedUntil()+1, s.oldestMinute()), &all)
	}
	s.t.state.rewrite(familyHour, func(set *labelSet) *labelSet {
		for _, a := range ahead {
			if a == set {
				s.drop(set)
				return nil
			}
		}
		return set
	})
}
