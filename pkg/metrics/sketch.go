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
// A hit only adds to a counter: the queue that knows the lightest key sees it when an eviction needs that one. That is what makes a hit
// cheap, and hits are most of a skewed stream. Nothing is allocated after construction.
type sketch[K comparable] struct {
	hash     func(K) uint64
	capacity int        // Keys that are not pinned.
	entries  []entry[K] // The pinned ones first.
	pinned   int
	index    sketchIndex // Of all entries.
	queue    minQueue    // Of those that are not pinned.
	waiting  []uint64    // See admit. Nil when every key is admitted at once.
	waitsAt  func(K) uint64
	dropped  bool // There was a key that has no entry now.
	slack    uint64
}

// entry is one tracked key. Weights saturate.
type entry[K comparable] struct {
	key   K
	count uint64 // Never below the true weight, but for slack.
	err   uint64 // How far count may be above it; at most count.
}

// certain is weight that the key has for sure.
func (e *entry[K]) certain() uint64 { return e.count - e.err }

// newSketch tracks capacity keys, and up to pins more that are pinned. hash must be seeded per process, so that nobody outside can craft
// collisions.
func newSketch[K comparable](capacity, pins int, hash func(K) uint64) *sketch[K] {
	return &sketch[K]{
		hash: hash, capacity: capacity, entries: make([]entry[K], 0, capacity+pins),
		index: newSketchIndex(capacity + pins), queue: newMinQueue(capacity + pins),
	}
}

// pin gives distinct keys the first entries, in their order, until the sketch is reset. They are not in the queue, so no other key can take their
// places, and what is added to them is counted exactly. The sketch must be empty.
func (s *sketch[K]) pin(keys []K) {
	for _, key := range keys {
		s.index.link(s.find(key), int32(len(s.entries)))
		s.entries = append(s.entries, entry[K]{key: key})
	}
	s.pinned = len(keys)
}

// add returns the position of the key's entry, which is good until the next call; it is below 0 when the key is too light to have one.
func (s *sketch[K]) add(key K, weight uint64) int {
	p := s.find(key)
	if p.at >= 0 {
		e := &s.entries[p.at]
		e.count = addSaturating(e.count, weight)
		return int(p.at)
	}
	if s.queue.size == s.capacity && s.waiting != nil {
		return s.admit(p, key, weight)
	}
	return s.insert(p, entry[K]{key, weight, 0})
}

// addWithError adds what another sketch knows about a key.
func (s *sketch[K]) addWithError(key K, weight, err uint64) int {
	p := s.find(key)
	if p.at < 0 {
		return s.insert(p, entry[K]{key, weight, err})
	}
	e := &s.entries[p.at]
	e.count, e.err = addSaturating(e.count, weight), addSaturating(e.err, err)
	return int(p.at)
}

// insert adds a key that is not there. In a full sketch it takes the place of the lightest key, and inherits its count as error.
func (s *sketch[K]) insert(p place, e entry[K]) int {
	if s.queue.size < s.capacity {
		at := int32(len(s.entries))
		s.index.link(p, at)
		s.entries = append(s.entries, e)
		s.queue.push(at, e.count)
		return int(at)
	}
	at := s.lightest()
	old := s.entries[at].count
	s.replace(at, p, entry[K]{e.key, addSaturating(old, e.count), addSaturating(old, e.err)})
	return int(at)
}

// replace gives the place of the lightest key to one that is not there, which must not be lighter.
func (s *sketch[K]) replace(lightest int32, p place, e entry[K]) {
	old := &s.entries[lightest]
	gone := s.index.placeOf(s.hash(old.key))
	if s.waiting != nil {
		*s.waitingWith(old.key) = old.count
	}
	s.queue.pop()
	s.index.link(p, lightest) // Before the other goes: that moves slots.
	s.index.unlink(gone.mark, lightest)
	*old, s.dropped = e, true
	s.queue.push(lightest, e.count)
}

// floor is the most that a key may have that is not in the sketch, but for slack.
func (s *sketch[K]) floor() uint64 {
	if s.queue.size < s.capacity {
		return 0
	}
	return s.entries[s.lightest()].count
}

// halve forgets half of everything. Counts round up and what is certain rounds down, so that both bounds hold for the halved weights.
func (s *sketch[K]) halve() {
	for i := range s.entries {
		e := &s.entries[i]
		certain := e.certain() / 2
		e.count = halfUp(e.count)
		e.err = e.count - certain
	}
	for i := range s.waiting {
		s.waiting[i] = halfUp(s.waiting[i])
	}
	s.rebuild()
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
	if p := s.find(key); p.at >= 0 {
		return s.entries[p.at], true
	}
	return entry[K]{}, false
}

func (s *sketch[K]) reset() {
	s.entries, s.pinned, s.dropped, s.slack = s.entries[:0], 0, false, 0
	s.queue.reset()
	clear(s.index.slots)
	clear(s.waiting)
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
