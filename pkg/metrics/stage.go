package metrics

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// stage is a change of the totals that is not durable yet. It works on copies of the pages that it touches.
type stage struct {
	t          *Totals
	now        time.Time
	generation uint64 // Of the snapshot that publishing it makes.
	pages      pageTable
	dirty      []bool               // By page.
	series     map[uint32]*labelSet // Definitions to write, by slot; nil deletes.
	remembered bool                 // The membership changed.
	overflow   [numFamilies]uint64  // Records that counted as other because their family was at its limit.
	key        []byte               // Used again for every look-up.
}

// Stage adds the batches to the totals, does what housekeeping is due (see [Totals.Due]), and writes what changed to w: only pages and
// definitions that changed, so the cost grows with those and not with the number of series. Nothing is visible yet.
//
// When the transaction behind w is durable, the caller calls publish; it makes the new snapshot visible and takes the batches back. When the
// transaction failed, the caller does not call publish: the next Stage starts from what was published, and the batches stay the caller's. A
// panic is a failure like any other.
func (t *Totals) Stage(fresh []*Batch, w Writer, now time.Time) (publish func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rollbackOpen()
	s := t.begin(now)
	s.forgetFuture()
	for _, b := range fresh {
		s.add(b)
	}
	for _, depart := range t.excess {
		depart(s)
	}
	s.addWatermarks()
	s.close()
	s.addRemote()
	s.keepHouse()
	if err := s.write(w); err != nil {
		t.rollbackOpen()
		return nil, fmt.Errorf("writing changed counters: %w", err)
	}
	return func() { t.publish(s, fresh) }, nil
}

func (t *Totals) begin(now time.Time) *stage {
	s := &stage{
		t: t, now: now, generation: t.snapshot.Load().generation + 1,
		pages: slices.Clone(t.state.pages), dirty: make([]bool, len(t.state.pages)), series: map[uint32]*labelSet{},
	}
	for _, set := range t.state.unsaved {
		s.series[set.slot] = set
	}
	t.open = s
	return s
}

// rollbackOpen forgets a stage that was never published.
func (t *Totals) rollbackOpen() {
	if t.open != nil {
		t.open = nil
		t.state.rollback()
	}
}

func (t *Totals) publish(s *stage, fresh []*Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = nil
	t.state.pages, t.state.unsaved, t.excess = s.pages, nil, nil
	t.mergeSketches(fresh, s.now)
	lastCommit := t.snapshot.Load().lastCommit
	if len(fresh) > 0 {
		lastCommit = s.now
	}
	if s.remembered {
		t.membership.Store(t.currentMembership())
	}
	for f, c := range t.instrument.overflow {
		c.Add(float64(s.overflow[f]))
	}
	t.snapshot.Store(t.state.freeze(s.generation, lastCommit))
	for _, b := range fresh {
		t.arrivals.note(b, s.now)
		t.putBatch(b)
	}
}

// write hands over what changed, in the order of the keys so that the same change is the same transaction.
func (s *stage) write(w Writer) error {
	for _, slot := range slices.Sorted(maps.Keys(s.series)) {
		if err := s.writeSeries(w, slot); err != nil {
			return err
		}
	}
	for n, dirty := range s.dirty {
		if !dirty {
			continue
		}
		if err := w.PutPage(uint32(n), encodePage(s.pages[n])); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) writeSeries(w Writer, slot uint32) error {
	if set := s.series[slot]; set != nil {
		return w.PutSeries(slot, set.encode())
	}
	return w.DeleteSeries(slot)
}

// page returns a page that this stage may write.
func (s *stage) page(slot uint32) *page {
	n := slot / pageValues
	for int(n) >= len(s.pages) {
		s.pages, s.dirty = append(s.pages, nil), append(s.dirty, false)
	}
	if !s.dirty[n] {
		fresh := new(page)
		if s.pages[n] != nil {
			*fresh = *s.pages[n]
		}
		s.pages[n], s.dirty[n] = fresh, true
	}
	return s.pages[n]
}

func (s *stage) bump(set *labelSet, counter uint32, delta uint64) {
	if delta == 0 {
		return
	}
	slot := set.slot + counter
	v := &s.page(slot)[slot%pageValues]
	*v = addOrRestart(*v, delta)
}

// raise sets a counter to v if that is more than it holds.
func (s *stage) raise(set *labelSet, v uint64) {
	if old := s.pages.get(set.slot); v > old {
		s.page(set.slot)[set.slot%pageValues] = v
	}
}

// find returns a label set, or nil.
func (s *stage) find(f family, values ...string) *labelSet {
	s.key = appendKey(s.key[:0], f, values)
	return s.t.state.index[string(s.key)]
}

// set finds a label set, or creates it.
func (s *stage) set(f family, values ...string) *labelSet {
	if set := s.find(f, values...); set != nil {
		return set
	}
	set := s.t.state.create(f, s.t.defs[f].width(), values, birth{s.generation, s.now})
	s.series[set.slot] = set
	return set
}

// drop ends a label set that is off its list: its counters become 0, so that whoever gets its slots starts there.
func (s *stage) drop(set *labelSet) {
	for slot := set.slot; slot < set.slot+set.width; slot++ {
		s.page(slot)[slot%pageValues] = 0
	}
	s.t.state.remove(set)
	s.series[set.slot] = nil
}
