package metrics

import "math/bits"

// wait makes keys that are new to a sketch that has dropped some wait until they are above its floor. Keys whose hashes share a number wait together: what is
// there is never below what any of them has, and never above the floor. So light keys, which are most of a skewed stream, cost an
// addition instead of a place, and errors are smaller than without. It is for sketches that see records; where sketches are merged, every key that
// one of them has gets a place. Unlike the hash of the index, at should be the same in every process, so that the result is: whoever crafts keys that wait
// together only gets them in as soon as without waiting.
// Source: Homem, Carvalho, "Finding top-k elements in data streams", Information Sciences 180(24), 2010 ("Filtered Space-Saving").
func (s *sketch[K]) wait(at func(K) uint64) *sketch[K] {
	n := 4
	for 2*n < 3*cap(s.entries) {
		n *= 2
	}
	s.waiting, s.waitsAt, s.waitShift = make([]uint64, n), at, uint8(64-bits.TrailingZeros(uint(n)))
	return s
}

// waitingWith is what keys have, together, that wait where this one would.
func (s *sketch[K]) waitingWith(key K) *uint64 { return &s.waiting[s.waitsAt(key)>>s.waitShift] }

// admit gives a key a place when it may be above the floor, and else lets it wait.
func (s *sketch[K]) admit(p place, key K, weight uint64) int {
	w := s.waitingWith(key)
	if addSaturating(*w, weight) > s.floor {
		p = s.makeRoom(p) // Which may lift both.
	}
	count := addSaturating(*w, weight)
	if count > s.floor {
		return s.insert(p, entry[K]{key, count, *w})
	}
	*w = count
	return -1
}
