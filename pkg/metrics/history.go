package metrics

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// maxSamples bounds what a history holds: six hours of minutes, some 300 counters each.
	maxSamples = 360
	// windowHalf is how far apart the two snapshots are that a history keeps to compare with, so a window is one to two of them long.
	windowHalf = 30 * time.Minute
)

// History samples the exact counters of ranked talkers, in the time at which records were counted: it is for looking at, and lives with the process.
// Make one with [NewHistory]. Its methods may be called by any goroutine.
type History struct {
	totals *Totals

	mu           sync.Mutex
	older, newer moment
	samples      []sampled // Oldest first.
}

// moment is a snapshot that is kept to compare with. Its pages are shared with later ones as far as nothing changed in them.
type moment struct {
	at       time.Time
	snapshot *snapshot
}

// sampled is what the counters of the talkers stood at.
type sampled struct {
	at       time.Time
	counters []counterAt
}

type counterAt struct {
	set   *labelSet
	value uint64 // In the unit of the ranking; of an interface its bytes.
	more  uint64 // Of an interface its records.
}

// NewHistory begins with what the totals are now.
func NewHistory(t *Totals, now time.Time) *History {
	m := moment{now, t.snapshot.Load()}
	return &History{totals: t, older: m, newer: m}
}

// Run samples whenever the rankings are looked at, until ctx ends.
func (h *History) Run(ctx context.Context) error {
	tick := time.NewTicker(h.totals.cfg.RankingInterval)
	defer tick.Stop()
	for h.sample(time.Now()); ; h.sample(time.Now()) {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (h *History) sample(now time.Time) {
	s := h.totals.snapshot.Load()
	taken := sampled{at: now}
	for _, f := range rankedFamilies() {
		for _, set := range s.sets[f] {
			taken.counters = append(taken.counters, counterAt{set: set, value: s.pages.get(set.slot)})
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	taken.counters = append(taken.counters, h.heavyInterfaces(s)...)
	h.samples = append(h.samples, taken)
	if len(h.samples) > maxSamples {
		h.samples = slices.Delete(h.samples, 0, 1)
	}
	if now.Sub(h.newer.at) >= windowHalf {
		h.older, h.newer = h.newer, moment{now, s}
	}
}

func rankedFamilies() []family {
	return []family{familyTopSource, familyTopDestination, familyTopPair, familyTopRejectedSource, familyTopRejectedPort}
}

// Window returns the coverage of the last half to whole hour, less after a start, and since when that is.
func (h *History) Window() (Coverage, time.Time) {
	before := h.before()
	return h.totals.Coverage().minus(before.snapshot.coverage()), before.at
}

func (h *History) before() moment {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.older
}

// Track is how a talker's counter moved.
type Track struct {
	Interval time.Duration // Between two samples.
	Points   []Point       // Oldest first; none while it had no counter of its own.
}

// Point is what was counted between two samples, in the unit of the ranking.
type Point struct {
	From, To time.Time
	Value    uint64
}

// Track returns the history of one row of a view. It is empty for who never had a counter of its own, and not ok when there is no such ranking.
func (h *History) Track(ranking string, labels []string) (t Track, ok bool) {
	f, value, ok := h.totals.ranked(ranking)
	if !ok {
		return t, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	t.Interval = h.totals.cfg.RankingInterval
	for i := 1; i < len(h.samples); i++ {
		before, now := &h.samples[i-1], &h.samples[i]
		if v, ok := now.grown(before, f, labels, value); ok {
			t.Points = append(t.Points, Point{before.at, now.at, v})
		}
	}
	return t, true
}

// grown adds up what the label sets of a talker counted since the sample before. A member of a ranking that was not there then began at 0; an
// interface may have been there, and not among the heavy.
func (s *sampled) grown(before *sampled, f family, labels []string, value func(counterAt) uint64) (sum uint64, ok bool) {
	for _, c := range s.counters {
		if !c.of(f, labels) {
			continue
		}
		old, there := before.find(c.set)
		if !there && f == familyInterface {
			continue
		}
		sum, ok = addSaturating(sum, grown(value(c), value(old))), true
	}
	return sum, ok
}

func (s *sampled) find(set *labelSet) (counterAt, bool) {
	for _, c := range s.counters {
		if c.set.slot == set.slot && c.of(set.family, set.values) {
			return c, true
		}
	}
	return counterAt{set: set}, false
}

// of says whether the counter belongs to a talker: labels are the first of its label values.
func (c *counterAt) of(f family, labels []string) bool {
	return c.set.family == f && len(labels) <= len(c.set.values) && slices.Equal(c.set.values[:len(labels)], labels)
}
