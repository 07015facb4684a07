package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Load restores what earlier stages wrote: every definition, then every page. It is called once, before anything else. An error means that
// the state was written by something else or damaged; the totals must not be used then.
func (t *Totals) Load(series func(yield func(id uint32, definition []byte) error) error, pages func(yield func(n uint32, content []byte) error) error, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	loaded := newState()
	if err := series(func(id uint32, b []byte) error { return t.loadSeries(&loaded, id, b, now) }); err != nil {
		return fmt.Errorf("loading series: %w", err)
	}
	if err := pages(loaded.loadPage); err != nil {
		return fmt.Errorf("loading counter pages: %w", err)
	}
	if err := loaded.findFree(); err != nil {
		return err
	}
	t.state = loaded
	t.addStatic(now)
	if err := t.restoreTops(now); err != nil {
		return fmt.Errorf("loading rankings: %w", err)
	}
	t.membership.Store(t.currentMembership())
	t.snapshot.Store(t.state.freeze(firstGeneration, now, time.Time{}))
	return nil
}

// firstGeneration is that of the snapshot which a process starts with.
const firstGeneration = 1

func (t *Totals) loadSeries(s *state, id uint32, b []byte, now time.Time) error {
	set, err := decodeLabelSet(id, b)
	if err != nil {
		return err
	}
	d := t.defs[set.family]
	if d == nil || d.width() != set.width || len(d.labels) != len(set.values) {
		return fmt.Errorf("series %d: %w as a label set of this version", id, errDefinition)
	}
	s.insert(set)
	s.lastUse[set.key()] = now
	if !set.live {
		s.births[set.key()] = birth{firstGeneration, now}
	}
	return nil
}

func (s *state) loadPage(n uint32, b []byte) error {
	p, err := decodePage(b)
	if err != nil {
		return fmt.Errorf("page %d: %w", n, err)
	}
	const maxPages = 1 << 20 // 128 million counters, far past every bound: a number above it is damage.
	if n >= maxPages {
		return fmt.Errorf("page number %d is out of range", n)
	}
	for uint32(len(s.pages)) <= n {
		s.pages = append(s.pages, nil)
	}
	s.pages[n] = p
	return nil
}

// findFree finds the gaps between the slots in use.
func (s *state) findFree() error {
	var all []*labelSet
	for _, list := range s.sets {
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b *labelSet) int { return cmp.Compare(a.slot, b.slot) })
	for _, set := range all {
		if set.slot < s.next {
			return fmt.Errorf("series %d and the one before it share counters", set.slot)
		}
		s.freeGap(s.next, set.slot)
		s.next = set.slot + set.width
	}
	return nil
}

// freeGap offers the slots of a gap in the widths that families have, the widest first.
func (s *state) freeGap(from, to uint32) {
	for _, width := range []uint32{3, 2, 1} {
		for ; to-from >= width; from += width {
			s.free[width] = append(s.free[width], from)
		}
	}
}

// addStatic creates the label sets that are known in advance and not there yet; the next stage writes them.
func (t *Totals) addStatic(now time.Time) {
	for _, s := range t.staticSets() {
		if t.state.index[s.key()] == nil {
			t.state.unsaved = append(t.state.unsaved, t.state.create(s.family, t.defs[s.family].width(), s.values, birth{firstGeneration, now}))
		}
	}
}

func (t *Totals) restoreTops(now time.Time) error {
	t.excess = nil
	return errors.Join(
		t.source.restore(t, now), t.destination.restore(t, now), t.pair.restore(t, now),
		t.rejectedSource.restore(t, now), t.rejectedPort.restore(t, now))
}
