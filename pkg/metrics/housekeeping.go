package metrics

import (
	"context"
	"time"
)

// Due says whether a stage without batches would change anything: births to release, a ranking to look at, idle label sets to let go, or
// label sets that are known in advance and not stored yet.
func (t *Totals) Due(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.state.unsaved) > 0 || len(t.excess) > 0 || t.tickDue(now) || t.anyHungry() || t.watermarksDue(now) || t.remoteDue() {
		return true
	}
	for _, b := range t.state.births {
		if t.released(b, now) {
			return true
		}
	}
	return false
}

func (t *Totals) tickDue(now time.Time) bool { return now.Sub(t.lastTick) >= t.cfg.RankingInterval }

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

// keepHouse does what is due beside counting. A ranking without members does not wait for the tick.
func (s *stage) keepHouse() {
	s.release()
	if !s.t.tickDue(s.now) {
		s.fillTops()
		return
	}
	last := s.t.lastTick
	s.t.state.onRollback(func() { s.t.lastTick = last })
	s.t.lastTick = s.now
	s.tickTops()
	s.expire()
	s.forgetHours()
}

func (s *stage) release() {
	var due [numFamilies]bool
	for set, b := range s.t.state.births {
		due[set.family] = due[set.family] || s.t.released(b, s.now)
	}
	for f := range numFamilies {
		if due[f] {
			s.t.state.rewrite(f, s.releaseSet)
			s.remembered = s.remembered || isTop(f)
		}
	}
}

func (s *stage) releaseSet(set *labelSet) *labelSet {
	b, pending := s.t.state.births[set]
	if !pending || !s.t.released(b, s.now) {
		return set
	}
	live := s.t.state.release(set)
	s.series[live.slot] = live
	return live
}

// expire lets label sets go that counted nothing for the idle timeout. Families whose label sets are known in advance keep theirs.
func (s *stage) expire() {
	idle := func(set *labelSet) bool { return s.now.Sub(s.t.state.lastUse[set.slot]) >= s.t.cfg.IdleTimeout }
	for _, f := range []family{familyFlow, familyInterface, familyPort, familyTimeline, familyWatermark, familyRemote} {
		s.t.state.rewrite(f, func(set *labelSet) *labelSet {
			if idle(set) {
				s.drop(set)
				return nil
			}
			return set
		})
	}
}

// limit is what a bounded family may have: interfaces in the interface family, whose label sets are up to one for each action of each; label
// sets in the others.
func (t *Totals) limit(f family) int {
	switch f {
	case familyFlow:
		return maxFlowSets
	case familyInterface:
		return t.cfg.MaxInterfaces
	case familyPort:
		return (protocolsWithPorts*len(t.cfg.Ports) + int(numProtocols)) * numActions
	}
	return t.cfg.TopK
}
