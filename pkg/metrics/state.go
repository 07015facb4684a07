package metrics

import (
	"slices"
	"time"
)

// birth is when a label set was first exposed at 0.
type birth struct {
	generation uint64 // The first snapshot that has it.
	at         time.Time
}

// state is what the totals are between two stages. Pages are shared with published snapshots and copied before they change.
type state struct {
	pages   pageTable
	sets    [numFamilies][]*labelSet // Shared with snapshots: replaced, never written.
	index   map[string]*labelSet
	births  map[string]birth // Of the sets that are not live, by key.
	lastUse map[string]time.Time
	free    map[uint32][]uint32 // Slots of sets that left, by width.
	next    uint32              // The first slot that was never used.
	unsaved []*labelSet         // Created, and not yet in a durable stage.
	owned   [numFamilies]bool   // The set list is not shared with a snapshot.

	published [numFamilies][]*labelSet // The lists as the last snapshot has them.
	undo      []func()                 // Takes back what changed since then, last change first.
}

func newState() state {
	return state{index: map[string]*labelSet{}, births: map[string]birth{}, lastUse: map[string]time.Time{}, free: map[uint32][]uint32{}}
}

// create adds a label set that is not live. The caller sees to it that it becomes durable.
func (s *state) create(f family, width uint32, values []string, b birth) *labelSet {
	set := &labelSet{family: f, values: values, width: width, slot: s.takeSlot(width)}
	key := set.key()
	s.insert(set)
	s.births[key], s.lastUse[key] = b, b.at
	s.onRollback(func() { s.forget(set) })
	return set
}

func (s *state) insert(set *labelSet) {
	s.own(set.family)
	s.sets[set.family] = append(s.sets[set.family], set)
	s.index[set.key()] = set
}

func (s *state) takeSlot(width uint32) uint32 {
	if free := s.free[width]; len(free) > 0 {
		s.free[width] = free[:len(free)-1]
		return free[len(free)-1]
	}
	slot := s.next
	s.next += width
	return slot
}

// remove takes a label set out. Its counters must be 0 by then, because the slots are used again.
func (s *state) remove(set *labelSet) {
	s.own(set.family)
	s.sets[set.family] = slices.DeleteFunc(s.sets[set.family], func(other *labelSet) bool { return other == set })
	key := set.key()
	b, pending := s.births[key]
	used := s.lastUse[key]
	s.forget(set)
	s.onRollback(func() {
		s.index[key], s.lastUse[key] = set, used
		if pending {
			s.births[key] = b
		}
		s.free[set.width] = slices.DeleteFunc(s.free[set.width], func(slot uint32) bool { return slot == set.slot })
	})
}

func (s *state) forget(set *labelSet) {
	key := set.key()
	delete(s.index, key)
	delete(s.births, key)
	delete(s.lastUse, key)
	s.free[set.width] = append(s.free[set.width], set.slot)
}

// release makes a label set live: from the next snapshot on it shows what it counted.
func (s *state) release(set *labelSet) *labelSet {
	live := *set
	live.live = true
	key := set.key()
	s.own(set.family)
	s.sets[set.family][slices.Index(s.sets[set.family], set)] = &live
	b := s.births[key]
	s.index[key] = &live
	delete(s.births, key)
	s.onRollback(func() { s.index[key], s.births[key] = set, b })
	return &live
}

// own copies a family's list before its first change since the last snapshot.
func (s *state) own(f family) {
	if !s.owned[f] {
		s.sets[f] = slices.Clone(s.sets[f])
		s.owned[f] = true
	}
}

// freeze hands pages and lists to a snapshot. From here on they are shared, and there is nothing left to roll back.
func (s *state) freeze(generation uint64, now, lastCommit time.Time) *snapshot {
	s.owned = [numFamilies]bool{}
	s.undo = nil
	s.published = s.sets
	return &snapshot{generation: generation, pages: s.pages, sets: s.sets, published: now, lastCommit: lastCommit}
}

func (s *state) onRollback(f func()) { s.undo = append(s.undo, f) }

// rollback takes back every change since the last freeze. Pages need no undoing: a stage has its own.
func (s *state) rollback() {
	for _, f := range slices.Backward(s.undo) {
		f()
	}
	s.undo = nil
	s.sets = s.published
	s.owned = [numFamilies]bool{}
}
