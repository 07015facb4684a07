package metrics

// wait makes keys that are new to a full sketch wait until they are heavy enough, see admit. It is for sketches that see records; where sketches
// are merged, every key that one of them has is admitted. Unlike the hash of the index, at should be the same in every process, so that the result
// is: whoever crafts keys that wait together only gets them admitted as soon as without waiting.
func (s *sketch[K]) wait(at func(K) uint64) *sketch[K] {
	s.waiting, s.waitsAt = make([]uint64, len(s.index.slots)), at
	return s
}

// waitingWith is what keys have, together, that wait where this one would.
func (s *sketch[K]) waitingWith(key K) *uint64 {
	return &s.waiting[uint32(s.waitsAt(key)>>32)>>s.index.shift]
}

// admit lets a key wait outside of a full sketch until it may be heavier than the lightest key in it. Keys whose hashes share a number wait
// together: it is never below what any of them has, and never above the lightest entry. So light keys, which are most of a skewed stream, cost an
// addition instead of an eviction, and errors are smaller than with plain Space-Saving.
// Source: Homem, Carvalho, "Finding top-k elements in data streams", Information Sciences 180(24), 2010 ("Filtered Space-Saving").
func (s *sketch[K]) admit(p place, key K, weight uint64) int {
	waiting := s.waitingWith(key)
	count := addSaturating(*waiting, weight)
	if count >= s.queue.base { // Which is never above the lightest.
		if at := s.lightest(); count >= s.entries[at].count {
			s.replace(at, p, entry[K]{key, count, *waiting})
			return int(at)
		}
	}
	*waiting, s.dropped = count, true
	return -1
}
