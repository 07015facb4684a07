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
	pages      pageTable
	sets       [numFamilies][]*labelSet // Shared with snapshots: replaced, never written.
	index      map[string]*labelSet     // By key.
	interfaces map[string]int           // How many label sets of the interface family an interface has, by its identifiers.
	births     map[*labelSet]birth      // Of the sets that are not live.
	lastUse    map[uint32]time.Time     // By slot.
	free       map[uint32][]uint32      // Slots of sets that left, by width.
	next       uint32                   // The first slot that was never used.
	unsaved    []*labelSet              // Created, and not yet in a durable stage.
	owned      [numFamilies]bool        // The set list is not shared with a snapshot.

	published [numFamilies][]*labelSet // The lists as the last snapshot has them.
	undo      []func()                 // Takes back what changed since then, last change first.
}

func newState() state {
	return state{
		index: map[string]*labelSet{}, interfaces: map[string]int{}, births: map[*labelSet]birth{},
		lastUse: map[uint32]time.Time{}, free: map[uint32][]uint32{},
	}
}

// create adds a label set that is not live. The caller sees to it that it becomes durable.
func (s *state) create(f family, width uint32, values []string, b birth) *labelSet {
	set := &labelSet{family: f, values: slices.Clone(values), width: width, slot: s.takeSlot(width), created: max(b.at.Unix(), 0)}
	s.list(set)
	s.lastUse[set.slot] = b.at
	if set.live = f.hidden(); !set.live {
		s.births[set] = b
	}
	s.onRollback(func() { s.forget(set) })
	return set
}

// list adds a label set to the list of its family and to the index.
func (s *state) list(set *labelSet) {
	s.own(set.family)
	s.sets[set.family] = append(s.sets[set.family], set)
	s.link(set)
}

func (s *state) link(set *labelSet) {
	s.index[set.key()] = set
	if set.family == familyInterface {
		s.interfaces[interfaceKey(set.values)]++
	}
}

func (s *state) unlink(set *labelSet) {
	delete(s.index, set.key())
	if set.family != familyInterface {
		return
	}
	key := interfaceKey(set.values)
	if s.interfaces[key]--; s.interfaces[key] == 0 {
		delete(s.interfaces, key)
	}
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

// rewrite gives every label set of a family to change, and lists what it returns; nil takes a set off the list. It is one pass, because
// thousands may be released or expire together.
func (s *state) rewrite(f family, change func(*labelSet) *labelSet) {
	s.own(f)
	kept := s.sets[f][:0]
	for _, set := range s.sets[f] {
		if set = change(set); set != nil {
			kept = append(kept, set)
		}
	}
	clear(s.sets[f][len(kept):])
	s.sets[f] = kept
}

// remove ends a label set that is off its list. Its counters must be 0 by then, because the slots are used again.
func (s *state) remove(set *labelSet) {
	b, pending := s.births[set]
	used := s.lastUse[set.slot]
	s.forget(set)
	s.onRollback(func() {
		free := s.free[set.width]
		s.free[set.width] = free[:len(free)-1] // What came on top of it has been taken back already.
		s.link(set)
		s.lastUse[set.slot] = used
		if pending {
			s.births[set] = b
		}
	})
}

func (s *state) forget(set *labelSet) {
	s.unlink(set)
	delete(s.births, set)
	delete(s.lastUse, set.slot)
	s.free[set.width] = append(s.free[set.width], set.slot)
}

// release returns a label set made live, to be listed in place of the one that is not: from the next snapshot on it shows what it counted.
func (s *state) release(set *labelSet) *labelSet {
	live := *set
	live.live = true
	key, b := set.key(), s.births[set]
	s.index[key] = &live
	delete(s.births, set)
	s.onRollback(func() { s.index[key], s.births[set] = set, b })
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
func (s *state) freeze(generation uint64, lastCommit time.Time) *snapshot {
	s.owned = [numFamilies]bool{}
	s.undo = nil
	s.published = s.sets
	return &snapshot{generation: generation, pages: s.pages, sets: s.sets, interfaces: len(s.interfaces), lastCommit: lastCommit}
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
