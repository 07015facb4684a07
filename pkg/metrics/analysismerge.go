package metrics

// mergeSpace is memory that merging needs for a moment, of one tally after the other.
type mergeSpace struct {
	shared []bool   // Of each entry of the tally: the other one has its key too.
	counts []uint64 // Of the entries of both.
}

// newMergeSpace is for tallies of at most so many entries.
func newMergeSpace(entries int) *mergeSpace {
	return &mergeSpace{shared: make([]bool, entries), counts: make([]uint64, 0, 2*entries)}
}

// merge adds what o saw, and keeps the heaviest keys of both. A key that only one of them has may have had as much as the other's floor there: that
// is added to its count and to its error. Nothing may be added to t any more but by merging: what waits in it is not merged. o is empty afterwards.
func (t *tally[K]) merge(o *tally[K], w *mergeSpace) {
	mine, theirs := t.sketch.floor, o.sketch.floor
	entries, shared := o.sketch.entries, w.shared[:len(t.sketch.entries)]
	o.sketch.reset()
	fresh := entries[:0] // Nobody adds to o meanwhile.
	clear(shared)
	for _, e := range entries {
		p := t.sketch.find(e.key)
		if p.at < 0 {
			e.raise(mine)
			fresh = append(fresh, e)
			continue
		}
		shared[p.at] = true
		both := &t.sketch.entries[p.at]
		both.count, both.err = addSaturating(both.count, e.count), addSaturating(both.err, e.err)
	}
	for i := range shared {
		if !shared[i] {
			t.sketch.entries[i].raise(theirs)
		}
	}
	t.sketch.floor = addSaturating(mine, theirs)
	t.keep(fresh, w)
}

// keep takes in keys that are not there, as long as there are places. Then the lightest go, of equal ones those that came last; what is dropped lifts
// the floor.
func (t *tally[K]) keep(fresh []entry[K], w *mergeSpace) {
	s := t.sketch
	if len(s.entries)+len(fresh) <= s.capacity {
		for _, e := range fresh {
			s.insert(s.index.free(s.hash(e.key)), e)
		}
		return
	}
	cut, old := heaviestOf(appendCounts(appendCounts(w.counts[:0], s.entries), fresh), s.capacity), s.entries
	s.entries = s.entries[:0]
	t.keepAbove(&cut, old)
	t.keepAbove(&cut, fresh)
	s.reindex()
}

// keepAbove takes over the entries that stay. They may lie in the same memory, not before those that are there already.
func (t *tally[K]) keepAbove(c *cut, entries []entry[K]) {
	s := t.sketch
	for i := range entries {
		if e := &entries[i]; c.takes(e.count) {
			s.entries = append(s.entries, *e)
		} else {
			s.floor = max(s.floor, e.count)
		}
	}
}
