package metrics

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Due says whether a stage without batches would change anything: births to release, a ranking to look at, idle label sets to let go, or
// label sets that are known in advance and not stored yet.
func (t *Totals) Due(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.state.unsaved) > 0 || now.Sub(t.lastTick) >= t.cfg.RankingInterval {
		return true
	}
	for _, b := range t.state.births {
		if t.released(b, now) {
			return true
		}
	}
	return false
}

// Run calls wake whenever housekeeping is due, until ctx ends. wake asks for a stage; it must not block.
func (t *Totals) Run(ctx context.Context, wake func()) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if t.Due(time.Now()) {
			wake()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-t.wake:
		}
	}
}

// released says whether a label set has been 0 for long enough: a scrape read it, or nobody scrapes.
func (t *Totals) released(b birth, now time.Time) bool {
	return b.generation <= t.scraped.Load() || now.Sub(b.at) >= t.cfg.BirthTimeout
}

// keepHouse does what is due beside counting.
func (s *stage) keepHouse() {
	s.release()
	if s.now.Sub(s.t.lastTick) < s.t.cfg.RankingInterval {
		return
	}
	s.t.lastTick = s.now
	s.t.tickTops(s)
	s.expire()
}

func (s *stage) release() {
	for key, b := range s.t.state.births {
		if !s.t.released(b, s.now) {
			continue
		}
		live := s.t.state.release(s.t.state.index[key])
		s.series[live.slot] = live
		s.remembered = s.remembered || isTop(live.family)
	}
}

// expire lets label sets go that counted nothing for the idle timeout. Families whose label sets are known in advance keep theirs.
func (s *stage) expire() {
	for _, f := range []family{familyFlow, familyInterface, familyPort} {
		for _, set := range slices.Clone(s.t.state.sets[f]) {
			if s.now.Sub(s.t.state.lastUse[set.key()]) >= s.t.cfg.IdleTimeout {
				s.drop(set)
			}
		}
	}
}

// drop ends a label set: its counters become 0, so that whoever gets its slots starts there.
func (s *stage) drop(set *labelSet) {
	for slot := set.slot; slot < set.slot+set.width; slot++ {
		s.page(slot)[slot%pageValues] = 0
	}
	s.t.state.remove(set)
	s.series[set.slot] = nil
}

func (t *Totals) tickTops(s *stage) {
	t.source.tick(s)
	t.destination.tick(s)
	t.pair.tick(s)
	t.rejectedSource.tick(s)
	t.rejectedPort.tick(s)
}

func (s *stage) addTops(b *Batch) {
	s.t.source.add(s, &b.tops.source)
	s.t.destination.add(s, &b.tops.destination)
	s.t.pair.add(s, &b.tops.pair)
	s.t.rejectedSource.add(s, &b.tops.rejectedSource)
	s.t.rejectedPort.add(s, &b.tops.rejectedPort)
}

// mergeSketches lets what is now durable nominate. An empty ranking does not wait for its next tick.
func (t *Totals) mergeSketches(batches []*Batch) {
	for _, b := range batches {
		nominate(t, &t.source, &b.tops.source)
		nominate(t, &t.destination, &b.tops.destination)
		nominate(t, &t.pair, &b.tops.pair)
		nominate(t, &t.rejectedSource, &b.tops.rejectedSource)
		nominate(t, &t.rejectedPort, &b.tops.rejectedPort)
	}
}

func nominate[K comparable](t *Totals, p *top[K], b *batchTop[K]) {
	p.rank.merge(b.sketch)
	if len(p.rank.members()) == 0 && b.sketch.total() > 0 {
		t.lastTick = time.Time{}
	}
}

func (t *Totals) currentMembership() *membership {
	return &membership{
		source:         t.source.live(&t.state),
		destination:    t.destination.live(&t.state),
		pair:           t.pair.live(&t.state),
		rejectedSource: t.rejectedSource.live(&t.state),
		rejectedPort:   t.rejectedPort.live(&t.state),
	}
}

func isTop(f family) bool {
	switch f {
	case familyTopSource, familyTopDestination, familyTopPair, familyTopRejectedSource, familyTopRejectedPort:
		return true
	}
	return false
}

// limit is the number of label sets that a family may have, 0 when it is fixed in advance.
func (t *Totals) limit(f family) int {
	switch {
	case f == familyFlow:
		return maxFlowSets
	case f == familyInterface:
		return t.cfg.MaxInterfaces
	case f == familyPort:
		return t.portCells()
	case isTop(f):
		return t.cfg.TopK
	}
	return 0
}

func heaviestFirst(s *state, f family) []*labelSet {
	sets := slices.Clone(s.sets[f])
	slices.SortStableFunc(sets, func(a, b *labelSet) int { return cmp.Compare(s.pages.get(b.slot), s.pages.get(a.slot)) })
	return sets
}
