package metrics

import (
	"cmp"
	"slices"
)

// sketch finds heavy keys in bounded memory: Space-Saving, with the heap repaired lazily.
// Source: Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005.
//
// For a key that is in the sketch, count−err ≤ true weight ≤ count+slack. A key that is not has at most the smallest count, plus slack. Slack is
// 0 unless sketches were merged.
//
// A hit only adds to a counter: the heap may then be out of order below, and is put right when an eviction looks at its top. That is what
// makes a hit cheap, and hits are most of a skewed stream. Nothing is allocated after construction.
type sketch[K comparable] struct {
	hash    func(K) uint64
	entries []entry[K]
	heap    []heapItem // A min-heap of lower bounds of counts.
	index   []int32    // Open addressing, linear probing: 0 is empty, else 1 + position in entries.
	mask    uint64
	slack   uint64
	seen    uint64
}

// entry is one tracked key. Weights saturate.
type entry[K comparable] struct {
	key   K
	count uint64 // Never below the true weight, but for slack.
	err   uint64 // How far count may be above it.
}

// heapItem has the count that its entry had when the heap last looked.
type heapItem struct {
	count uint64
	entry int32
}

// newSketch tracks capacity keys. hash must be seeded per process, so that nobody outside can craft collisions.
func newSketch[K comparable](capacity int, hash func(K) uint64) *sketch[K] {
	slots := 4
	for slots < 2*capacity {
		slots *= 2
	}
	return &sketch[K]{
		hash: hash, entries: make([]entry[K], 0, capacity), heap: make([]heapItem, 0, capacity),
		index: make([]int32, slots), mask: uint64(slots - 1),
	}
}

func (s *sketch[K]) add(key K, weight uint64) { s.addWithError(key, weight, 0) }

func (s *sketch[K]) addWithError(key K, weight, err uint64) {
	s.seen = addSaturating(s.seen, weight)
	slot, found := s.find(key)
	if found {
		e := &s.entries[s.index[slot]-1]
		e.count, e.err = addSaturating(e.count, weight), addSaturating(e.err, err)
		return
	}
	if len(s.entries) < cap(s.entries) {
		s.entries = append(s.entries, entry[K]{key, weight, err})
		s.index[slot] = int32(len(s.entries))
		s.heap = append(s.heap, heapItem{weight, int32(len(s.entries) - 1)})
		s.up(len(s.heap) - 1)
		return
	}
	s.replace(key, weight, err)
}

// replace gives the place of the lightest key to a new one, which inherits its count as error.
func (s *sketch[K]) replace(key K, weight, err uint64) {
	i := s.lightest()
	e := &s.entries[i]
	old := e.count
	s.unlink(e.key)
	*e = entry[K]{key, addSaturating(old, weight), addSaturating(old, err)}
	slot, _ := s.find(key)
	s.index[slot] = i + 1
	s.heap[0].count = e.count
	s.down(0)
}

// lightest repairs the heap until its top tells the truth. Counts only grow, so a stale top can only sink.
func (s *sketch[K]) lightest() int32 {
	for {
		top := &s.heap[0]
		if count := s.entries[top.entry].count; count != top.count {
			top.count = count
			s.down(0)
			continue
		}
		return top.entry
	}
}

// find returns the index slot of a key, or the empty one where it belongs.
func (s *sketch[K]) find(key K) (slot uint64, found bool) {
	for slot = s.hash(key) & s.mask; ; slot = (slot + 1) & s.mask {
		i := s.index[slot]
		if i == 0 {
			return slot, false
		}
		if s.entries[i-1].key == key {
			return slot, true
		}
	}
}

// unlink takes a key out of the index and closes the gap, so that no tombstones gather.
func (s *sketch[K]) unlink(key K) {
	gap, _ := s.find(key)
	for slot := (gap + 1) & s.mask; s.index[slot] != 0; slot = (slot + 1) & s.mask {
		home := s.hash(s.entries[s.index[slot]-1].key) & s.mask
		if (slot-home)&s.mask >= (slot-gap)&s.mask {
			s.index[gap] = s.index[slot]
			gap = slot
		}
	}
	s.index[gap] = 0
}

func (s *sketch[K]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if s.heap[parent].count <= s.heap[i].count {
			return
		}
		s.heap[parent], s.heap[i] = s.heap[i], s.heap[parent]
		i = parent
	}
}

func (s *sketch[K]) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(s.heap); child++ {
			if s.heap[child].count < s.heap[least].count {
				least = child
			}
		}
		if least == i {
			return
		}
		s.heap[least], s.heap[i] = s.heap[i], s.heap[least]
		i = least
	}
}

// halve forgets half of everything. Order is kept, so the heap stays one.
func (s *sketch[K]) halve() {
	for i := range s.entries {
		s.entries[i].count = (s.entries[i].count + 1) / 2
		s.entries[i].err = (s.entries[i].err + 1) / 2
	}
	for i := range s.heap {
		s.heap[i].count = (s.heap[i].count + 1) / 2
	}
	s.slack, s.seen = (s.slack+1)/2, s.seen/2
}

// merge adds what another sketch saw. A key that the other dropped may have had as much as its lightest entry: that becomes slack.
func (s *sketch[K]) merge(other *sketch[K]) {
	for i := range other.entries {
		e := &other.entries[i]
		s.addWithError(e.key, e.count, e.err)
	}
	s.slack = addSaturating(s.slack, other.slack)
	if len(other.entries) == cap(other.entries) && len(other.entries) > 0 {
		s.slack = addSaturating(s.slack, other.entries[other.lightest()].count)
	}
}

func (s *sketch[K]) estimate(key K) (entry[K], bool) {
	if slot, found := s.find(key); found {
		return s.entries[s.index[slot]-1], true
	}
	return entry[K]{}, false
}

// top returns the n heaviest entries, heaviest first; equal counts in the order of their certain part.
func (s *sketch[K]) top(n int) []entry[K] {
	all := slices.Clone(s.entries)
	slices.SortStableFunc(all, func(a, b entry[K]) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.err, b.err))
	})
	return all[:min(n, len(all))]
}

// total is the weight seen, halved as often as the counts were.
func (s *sketch[K]) total() uint64 { return s.seen }

func (s *sketch[K]) reset() {
	s.entries, s.heap, s.slack, s.seen = s.entries[:0], s.heap[:0], 0, 0
	clear(s.index)
}
