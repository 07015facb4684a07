package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// stateAdvice ends every error of a load.
const stateAdvice = "the state was damaged, or another flowd wrote it: " +
	"run the flowd that wrote it, or start with another --state.dir and counters at 0"

// Load restores what earlier stages wrote: every definition, then every page. It is called once, before anything else. An error means that
// the state was written by something else or damaged; the totals must not be used then.
func (t *Totals) Load(series func(yield func(id uint32, definition []byte) error) error, pages func(yield func(n uint32, content []byte) error) error, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(series, pages, now); err != nil {
		return fmt.Errorf("%w; %s", err, stateAdvice)
	}
	t.membership.Store(t.currentMembership())
	t.snapshot.Store(t.state.freeze(firstGeneration, time.Time{}))
	return nil
}

func (t *Totals) load(series, pages func(func(uint32, []byte) error) error, now time.Time) error {
	t.state = newState()
	if err := series(func(id uint32, b []byte) error { return t.loadSeries(id, b, now) }); err != nil {
		return fmt.Errorf("loading series: %w", err)
	}
	if err := pages(t.state.loadPage); err != nil {
		return fmt.Errorf("loading counter pages: %w", err)
	}
	if err := t.state.findFree(); err != nil {
		return fmt.Errorf("loading series: %w", err)
	}
	t.addStatic(now)
	for _, p := range t.all() {
		if err := p.restore(t, now); err != nil {
			return fmt.Errorf("loading rankings: %w", err)
		}
	}
	return nil
}

// firstGeneration is that of the snapshot which a process starts with.
const firstGeneration = 1

// maxPages is far past every bound: 8 million counters. A number above it is damage, and believing it would fill memory.
const maxPages = 1 << 16

func (t *Totals) loadSeries(id uint32, b []byte, now time.Time) error {
	set, err := decodeLabelSet(id, b)
	if err != nil {
		return err
	}
	if d := t.definition(set.family); d == nil || d.width() != set.width || len(d.labels) != len(set.values) || id/pageValues >= maxPages {
		return fmt.Errorf("series %d: %w", id, errDefinition)
	}
	if other := t.state.index[set.key()]; other != nil {
		return fmt.Errorf("series %d and %d have the same labels", other.slot, id)
	}
	t.state.list(set)
	t.state.lastUse[set.slot] = now
	if !set.live {
		t.state.births[set] = birth{firstGeneration, now}
	}
	return nil
}

func (t *Totals) definition(f family) *definition {
	if f >= numFamilies {
		return nil
	}
	return t.defs[f]
}

func (s *state) loadPage(n uint32, b []byte) error {
	p, err := decodePage(b)
	if err != nil {
		return fmt.Errorf("page %d: %w", n, err)
	}
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
	for _, width := range []uint32{uint32(hourWidth), 3, 2, 1} {
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
