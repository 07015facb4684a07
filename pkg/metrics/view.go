package metrics

import (
	"cmp"
	"slices"
	"time"

	"flowd/pkg/parser"
)

// View is a ranking as a page shows it: the heaviest, and how much of everything they are.
type View struct {
	// Name is the short name of the ranking, such as top_source; interface_bytes and interface_rejects are ranked exactly.
	Name string
	// Total is what everybody has together, in the unit of the ranking; it decays as the estimates do.
	Total uint64
	// Since is when the counting of Total began where nothing decays; zero in the rankings that do.
	Since time.Time
	// Rows are the heaviest, heaviest first.
	Rows []Talker
}

// Views returns the five rankings with up to n rows each. The caller owns the result.
func (t *Totals) Views(n int) []View {
	return []View{
		viewOf(t, &t.source, n), viewOf(t, &t.rejectedSource, n), viewOf(t, &t.rejectedPort, n),
		viewOf(t, &t.pair, n), viewOf(t, &t.destination, n),
	}
}

func viewOf[K comparable](t *Totals, p *top[K], n int) View {
	c := copyOf(t, p)
	v := View{Name: t.defs[p.family].short, Rows: c.rows(n)}
	// A key that takes the place of another inherits its count, so the counts add up to all that came.
	for i := range c.entries {
		v.Total = addSaturating(v.Total, c.entries[i].count)
	}
	return v
}

// Coverage is how many records of each log status were counted: what the flow logs say that they saw, had nothing to say about, and missed.
type Coverage struct {
	OK, NoData, SkipData uint64 // Records.
	Malformed            uint64 // Lines that did not parse.
}

// Coverage reads the last published snapshot; it counts since the state was created. It may be called by any goroutine.
func (t *Totals) Coverage() Coverage { return t.snapshot.Load().coverage() }

func (s *snapshot) coverage() (c Coverage) {
	for _, set := range s.sets[familyRecordsRead] {
		n := s.pages.get(set.slot)
		switch set.values[0] {
		case parser.LogStatusOK.String():
			c.OK = n
		case parser.LogStatusNoData.String():
			c.NoData = n
		case parser.LogStatusSkipData.String():
			c.SkipData = n
		}
	}
	for _, set := range s.sets[familyRecordsMalformed] {
		c.Malformed += s.pages.get(set.slot)
	}
	return c
}

func (c Coverage) minus(old Coverage) Coverage {
	return Coverage{
		OK: grown(c.OK, old.OK), NoData: grown(c.NoData, old.NoData),
		SkipData: grown(c.SkipData, old.SkipData), Malformed: grown(c.Malformed, old.Malformed),
	}
}

// grown is by how much a counter grew. One that is below what it was has started again.
func grown(now, before uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}

// Freshness is how far the totals have come.
type Freshness struct {
	NewestRecord time.Time // End of the newest record counted; zero when none was.
	LastCommit   time.Time // Of an object, by this process; zero when it made none.
	FlowLogs     []FlowLog // Sorted by ID.
}

// FlowLog is up to when a flow log is complete.
type FlowLog struct {
	ID            string
	CompleteUntil time.Time
}

// Freshness reads the last published snapshot. It may be called by any goroutine, and the caller owns the result.
func (t *Totals) Freshness() Freshness {
	s := t.snapshot.Load()
	f := Freshness{LastCommit: s.lastCommit}
	if newest := s.newestRecord(); newest > 0 {
		f.NewestRecord = time.Unix(int64(newest), 0)
	}
	for _, set := range s.sets[familyWatermark] {
		f.FlowLogs = append(f.FlowLogs, FlowLog{set.values[0], time.Unix(int64(s.pages.get(set.slot)), 0)})
	}
	slices.SortFunc(f.FlowLogs, func(a, b FlowLog) int { return cmp.Compare(a.ID, b.ID) })
	return f
}
