package metrics

import "math/bits"

// makeRoom returns where the key of p belongs when there is a place for it.
func (s *sketch[K]) makeRoom(p place) place {
	if len(s.entries)-s.pinned < s.capacity {
		return p
	}
	s.dropLighterHalf()
	return s.index.free(p.hash)
}

// dropLighterHalf drops, of keys that are as heavy, those that came last. The others keep their order.
func (s *sketch[K]) dropLighterHalf() {
	rest, kept := s.entries[s.pinned:], s.pinned
	cut := heaviestOf(appendCounts(s.counts[:0], rest), len(rest)/2)
	for i := range rest {
		if e := &rest[i]; !cut.takes(e.count) {
			s.drop(e)
			continue
		}
		s.entries[kept] = rest[i]
		if s.moved != nil {
			s.moved(kept, s.pinned+i)
		}
		kept++
	}
	s.entries = s.entries[:kept]
	s.reindex()
}

func (s *sketch[K]) drop(e *entry[K]) {
	s.floor = max(s.floor, e.count)
	if s.waiting != nil {
		w := s.waitingWith(e.key)
		*w = max(*w, e.count)
	}
}

func appendCounts[K comparable](counts []uint64, entries []entry[K]) []uint64 {
	for i := range entries {
		counts = append(counts, entries[i].count)
	}
	return counts
}

// cut says which counts are among the heaviest: those above a bound, and the first ones of those that are the bound.
type cut struct {
	bound uint64
	equal int
}

func (c *cut) takes(count uint64) bool {
	if count == c.bound && c.equal > 0 {
		c.equal--
		return true
	}
	return count > c.bound
}

// heaviestOf cuts after the n heaviest of more than n counts, which it overwrites. It finds the bound byte by byte from the top: counts that share
// the bytes so far go to the front, and all others are out of the question. So it takes linear time whatever the counts are, also when all are the same.
func heaviestOf(counts []uint64, n int) cut {
	c, all := cut{equal: n}, uint64(0)
	for _, v := range counts {
		all |= v
	}
	for shift := (bits.Len64(all|1) - 1) &^ 7; shift >= 0; shift -= 8 {
		var tallies [256]int
		for _, v := range counts {
			tallies[uint8(v>>shift)]++
		}
		digit := 255
		for ; tallies[digit] < c.equal; digit-- {
			c.equal -= tallies[digit]
		}
		c.bound |= uint64(digit) << shift
		counts = withDigit(counts, shift, uint8(digit))
	}
	return c
}

func withDigit(counts []uint64, shift int, digit uint8) []uint64 {
	n := 0
	for _, v := range counts {
		counts[n] = v
		if uint8(v>>shift) == digit {
			n++
		}
	}
	return counts[:n]
}
