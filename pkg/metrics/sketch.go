package metrics

import (
	"cmp"
	"slices"
	"sort"
)

// sketch finds heavy keys in bounded memory: Space-Saving, with the heap repaired lazily.
// Source: Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005.
//
// For a key that is in the sketch, count−err ≤ true weight ≤ count+slack. A key that is not has at most floor+slack. Slack is 0 unless
// sketches were merged.
//
// A hit only adds to a counter: the heap may then be out of order below, and is put right when an eviction looks at its top. That is what
// makes a hit cheap, and hits are most of a skewed stream. Nothing is allocated after construction.
type sketch[K comparable] struct {
	hash    func(K) uint64
	entries []entry[K]
	heap    []heapItem // A min-heap of lower bounds of the counts that are not pinned. Its capacity is that of the sketch.
	index   []int32    // Open addressing, linear probing: 0 is empty, else 1 + position in entries.
	mask    uint64
	slack   uint64
}

// entry is one tracked key. Weights saturate.
type entry[K comparable] struct {
	key   K
	count uint64 // Never below the true weight, but for slack.
	err   uint64 // How far count may be above it; at most count.
}

// certain is weight that the key has for sure.
func (e *entry[K]) certain() uint64 { return e.count - e.err }

// heapItem has the count that its entry had when the heap last looked.
type heapItem struct {
	count uint64
	entry int32
}

// newSketch tracks capacity keys, and up to pins more that are pinned. hash must be seeded per process, so that nobody outside can craft
// collisions.
func newSketch[K comparable](capacity, pins int, hash func(K) uint64) *sketch[K] {
	slots := 4
	for slots < 2*(capacity+pins) {
		slots *= 2
	}
	return &sketch[K]{
		hash: hash, entries: make([]entry[K], 0, capacity+pins), heap: make([]heapItem, 0, capacity),
		index: make([]int32, slots), mask: uint64(slots - 1),
	}
}

// pin gives distinct keys the first entries, in their order, until the sketch is reset. They are not in the heap, so no other key can take their
// places, and what is added to them is counted exactly. The sketch must be empty.
func (s *sketch[K]) pin(keys []K) {
	for _, key := range keys {
		slot, _ := s.find(key)
		s.entries = append(s.entries, entry[K]{key: key})
		s.index[slot] = int32(len(s.entries))
	}
}

// add returns the position of the key's entry, which is good until the next call.
func (s *sketch[K]) add(key K, weight uint64) int { return s.addWithError(key, weight, 0) }

func (s *sketch[K]) addWithError(key K, weight, err uint64) int {
	slot, found := s.find(key)
	if found {
		i := s.index[slot] - 1
		e := &s.entries[i]
		e.count, e.err = addSaturating(e.count, weight), addSaturating(e.err, err)
		return int(i)
	}
	if len(s.heap) < cap(s.heap) {
		s.entries = append(s.entries, entry[K]{key, weight, err})
		s.index[slot] = int32(len(s.entries))
		s.heap = append(s.heap, heapItem{weight, int32(len(s.entries) - 1)})
		s.up(len(s.heap) - 1)
		return len(s.entries) - 1
	}
	return s.replace(key, weight, err)
}

// replace gives the place of the lightest key to a new one, which inherits its count as error.
func (s *sketch[K]) replace(key K, weight, err uint64) int {
	i := s.lightest()
	e := &s.entries[i]
	old := e.count
	s.unlink(e.key)
	*e = entry[K]{key, addSaturating(old, weight), addSaturating(old, err)}
	slot, _ := s.find(key)
	s.index[slot] = i + 1
	s.heap[0].count = e.count
	s.down(0)
	return int(i)
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

// floor is the most that a key may have that is not in the sketch, but for slack.
func (s *sketch[K]) floor() uint64 {
	if len(s.heap) < cap(s.heap) {
		return 0
	}
	return s.entries[s.lightest()].count
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

// halve forgets half of everything. Counts round up and what is certain rounds down, so that both bounds hold for the halved weights. The
// order is kept, so the heap stays one.
func (s *sketch[K]) halve() {
	for i := range s.entries {
		e := &s.entries[i]
		certain := e.certain() / 2
		e.count = halfUp(e.count)
		e.err = e.count - certain
	}
	for i := range s.heap {
		s.heap[i].count = halfUp(s.heap[i].count)
	}
	s.slack = halfUp(s.slack)
}

func halfUp(v uint64) uint64 { return v - v/2 }

// merge adds what another sketch saw, and calls touched with the position of each key that it adds to. A key that the other does not have may
// have had as much as its floor there: that becomes slack.
func (s *sketch[K]) merge(other *sketch[K], touched func(at int)) {
	for i := range other.entries {
		if e := &other.entries[i]; e.count > 0 {
			touched(s.addWithError(e.key, e.count, e.err))
		}
	}
	s.slack = addSaturating(s.slack, addSaturating(other.slack, other.floor()))
}

func (s *sketch[K]) estimate(key K) (entry[K], bool) {
	if slot, found := s.find(key); found {
		return s.entries[s.index[slot]-1], true
	}
	return entry[K]{}, false
}

func (s *sketch[K]) reset() {
	s.entries, s.heap, s.slack = s.entries[:0], s.heap[:0], 0
	clear(s.index)
}

// heaviest returns the n heaviest of the entries that keep wants, heaviest first; of equal counts those with more that is certain, then those that
// come first. It looks at each entry once, and most are below the n that it has by then, so it is far cheaper than sorting all of them.
func heaviest[K comparable](entries []entry[K], n int, keep func(i int) bool) []entry[K] {
	if n = min(n, len(entries)); n <= 0 {
		return nil
	}
	best := make([]entry[K], 0, n+1)
	for i, e := range entries {
		if len(best) == n && heavierFirst(e, best[n-1]) >= 0 || !keep(i) {
			continue
		}
		at := sort.Search(len(best), func(j int) bool { return heavierFirst(e, best[j]) < 0 })
		best = slices.Insert(best, at, e)
		best = best[:min(n, len(best))]
	}
	return best
}

func everyEntry(int) bool { return true }

func heavierFirst[K comparable](a, b entry[K]) int {
	return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.err, b.err))
}
