package metrics

import (
	"strconv"
	"time"
)

// ClosedMinute is a minute that will not change any more, with what every timeline has counted up to its end.
type ClosedMinute struct {
	Time      int64 // Its beginning, Unix seconds.
	Timelines []Timeline
}

// Timeline is what one account, VPC and action has counted since it was first seen.
type Timeline struct {
	AccountID, VPCID, Action string
	Total                    Flows // Up to the end of the minute.
	New                      bool  // It had nothing before the minute.
}

// ClosedMinutes returns at most n closed minutes that begin after the one that began at after (Unix seconds), oldest first. With 0 it returns the newest
// one: who asks for the first time has no use for history. Minutes that have left the ring are left out. A minute has the same values whenever it is asked
// for, also after a restart. It may be called by any goroutine, and the caller owns the result.
func (t *Totals) ClosedMinutes(after int64, n int, now time.Time) []ClosedMinute {
	s := t.snapshot.Load()
	closed := int64(s.single(familyClosed))
	if closed == 0 {
		return nil
	}
	first := after/60 + 1
	if after == 0 {
		first = closed
	}
	first = max(first, t.oldestMinute(now))
	rings := s.rings()
	var minutes []ClosedMinute
	for m := first; m <= min(closed, first+int64(n)-1); m++ {
		minutes = append(minutes, ClosedMinute{Time: 60 * m})
	}
	for _, r := range rings {
		r.fill(minutes)
	}
	return minutes
}

// ring is one timeline: its total, and the hours of it that are kept.
type ring struct {
	values []string
	total  Flows
	hours  map[int64]uint32 // Hour → first counter.
	pages  pageTable
}

func (s *snapshot) rings() []*ring {
	byKey := map[[3]string]*ring{}
	rings := make([]*ring, 0, len(s.sets[familyTimeline]))
	for _, set := range s.sets[familyTimeline] {
		r := &ring{values: set.values, hours: map[int64]uint32{}, pages: s.pages}
		r.total.add(s.pages, set.slot)
		byKey[[3]string(set.values)] = r
		rings = append(rings, r)
	}
	for _, set := range s.sets[familyHour] {
		hour, err := strconv.ParseInt(set.values[hourPosition], 10, 64)
		if r := byKey[[3]string(set.values)]; r != nil && err == nil {
			r.hours[hour] = set.slot
		}
	}
	return rings
}

// at is what the minute holds.
func (r *ring) at(minute int64) (f Flows) {
	if slot, ok := r.hours[minute/hourMinutes]; ok {
		f.add(r.pages, slot+uint32(minute%hourMinutes)*uint32(len(counts{})))
	}
	return f
}

// newest is the last minute that the ring may hold.
func (r *ring) newest() (minute int64) {
	for hour := range r.hours {
		minute = max(minute, hour*hourMinutes+hourMinutes-1)
	}
	return minute
}

// fill adds the timeline to the minutes, which are in order without a gap. It goes backwards from the total: what a minute saw is everything less what came
// after it.
func (r *ring) fill(minutes []ClosedMinute) {
	if len(minutes) == 0 {
		return
	}
	total, first := r.total, minutes[0].Time/60
	for m := max(r.newest(), minutes[len(minutes)-1].Time/60); m >= first; m-- {
		here := r.at(m)
		before := total.less(here)
		if i := m - first; i < int64(len(minutes)) && total != (Flows{}) {
			minutes[i].Timelines = append(minutes[i].Timelines, Timeline{
				AccountID: r.values[0], VPCID: r.values[1], Action: r.values[2], Total: total, New: before == (Flows{}),
			})
		}
		total = before
	}
}

// less never goes below 0: a total whose 64 bits ended began again.
func (f Flows) less(o Flows) Flows {
	return Flows{f.Records - min(f.Records, o.Records), f.Bytes - min(f.Bytes, o.Bytes), f.Packets - min(f.Packets, o.Packets)}
}

// RemotePosition is the minute up to which an endpoint has everything, its beginning in Unix seconds; 0 when it has nothing. The position of an endpoint
// that nobody asks for is forgotten after the idle timeout.
func (t *Totals) RemotePosition(endpoint string) int64 {
	t.remoteMu.Lock()
	defer t.remoteMu.Unlock()
	position := t.remoteSent[endpoint]
	for _, set := range t.snapshot.Load().sets[familyRemote] {
		if set.values[0] == endpoint {
			position = max(position, int64(t.snapshot.Load().pages.get(set.slot)))
		}
	}
	if position > 0 { // However long it is away: every stage notes it as used.
		t.remoteSent[endpoint] = position
	}
	return position
}

// RemoteSent notes that an endpoint has everything up to a minute. The next stage makes it durable.
func (t *Totals) RemoteSent(endpoint string, minute int64) {
	t.remoteMu.Lock()
	defer t.remoteMu.Unlock()
	t.remoteSent[endpoint] = max(t.remoteSent[endpoint], minute)
}

// remoteDue says whether a position is further than what is durable.
func (t *Totals) remoteDue() bool {
	t.remoteMu.Lock()
	defer t.remoteMu.Unlock()
	for endpoint, minute := range t.remoteSent {
		if set := t.state.index[string(appendKey(nil, familyRemote, []string{endpoint}))]; set == nil || int64(t.state.pages.get(set.slot)) < minute {
			return true
		}
	}
	return false
}

func (s *stage) addRemote() {
	s.t.remoteMu.Lock()
	defer s.t.remoteMu.Unlock()
	for endpoint, minute := range s.t.remoteSent {
		set := s.set(familyRemote, endpoint)
		s.t.state.lastUse[set.slot] = s.now
		s.raise(set, uint64(minute))
	}
}
