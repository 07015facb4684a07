package metrics

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"flowd/pkg/parser"
)

// EventTime is when traffic happened, as far as it has been counted.
type EventTime struct {
	// CompleteUntil is the time up to which every flow log is complete, in Unix seconds; 0 while none is.
	CompleteUntil int64 `json:"complete_until"`
	// ClosedUntil is the end of the last minute that will not change any more, in Unix seconds; 0 while none is.
	ClosedUntil int64 `json:"closed_until"`
	// Minutes are those that have records, oldest first.
	Minutes []Minute `json:"minutes"`
}

// Minute is what happened in one minute of event time.
type Minute struct {
	Time    int64 `json:"time"` // Its beginning, Unix seconds.
	Accept  Flows `json:"accept"`
	Reject  Flows `json:"reject"`
	Unknown Flows `json:"unknown"` // Records without an action, as transit gateways write them.
}

// Flows are records, and the bytes and packets in them.
type Flows struct {
	Records uint64 `json:"records"`
	Bytes   uint64 `json:"bytes"`
	Packets uint64 `json:"packets"`
}

func (f *Flows) add(p pageTable, slot uint32) {
	f.Records += p.get(slot + counterRecords)
	f.Bytes += p.get(slot + counterBytes)
	f.Packets += p.get(slot + counterPackets)
}

func (m *Minute) of(action string) *Flows {
	switch action {
	case parser.ActionAccept.String():
		return &m.Accept
	case parser.ActionReject.String():
		return &m.Reject
	}
	return &m.Unknown
}

// EventTime reads the last published snapshot. It may be called by any goroutine, and the caller owns the result.
func (t *Totals) EventTime() EventTime {
	s := t.snapshot.Load()
	e := EventTime{CompleteUntil: s.everyFlowLog(), Minutes: s.minutes()}
	if closed := s.single(familyClosed); closed > 0 {
		e.ClosedUntil = 60 * (int64(closed) + 1)
	}
	return e
}

func (s *snapshot) minutes() []Minute {
	byTime := map[int64]*Minute{}
	for _, set := range s.sets[familyHour] {
		hour, err := strconv.ParseInt(set.values[hourPosition], 10, 64)
		if err != nil {
			continue // What no flowd writes.
		}
		for m := range int64(hourMinutes) {
			var f Flows
			if f.add(s.pages, set.slot+uint32(m)*uint32(len(counts{}))); f == (Flows{}) {
				continue
			}
			at := 60 * (hour*hourMinutes + m)
			if byTime[at] == nil {
				byTime[at] = &Minute{Time: at}
			}
			byTime[at].of(set.values[hourPosition-1]).add(s.pages, set.slot+uint32(m)*uint32(len(counts{})))
		}
	}
	minutes := make([]Minute, 0, len(byTime))
	for _, m := range byTime {
		minutes = append(minutes, *m)
	}
	slices.SortFunc(minutes, func(a, b Minute) int { return cmp.Compare(a.Time, b.Time) })
	return minutes
}

// everyFlowLog is up to when all of them are complete, 0 when there is none.
func (s *snapshot) everyFlowLog() (until int64) {
	for i, set := range s.sets[familyWatermark] {
		if w := int64(s.pages.get(set.slot)); i == 0 || w < until {
			until = w
		}
	}
	return until
}

// EventTimeHandler serves [Totals.EventTime] as JSON.
func (t *Totals) EventTimeHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := json.NewEncoder(w).Encode(t.EventTime()); err != nil {
			return // The client went away: there is nobody left to tell.
		}
	})
}
