package metrics

import "math/bits"

// sketchIndex finds the entry of a key. A key belongs into the bucket that the upper bits of its hash name, or into the next one that has a free lane; so one
// look at a bucket that is not full tells whether the key is there. Four lanes are compared at once, and keys go only when all of them are put in anew.
type sketchIndex struct {
	buckets []bucket
	mask    uint32
	shift   uint8 // Of a hash, to the number of its bucket.
}

// bucket has four lanes of 16 bits.
type bucket struct {
	tags uint64 // Lower bits of the hashes of the keys, and 1; a lane of 0 is free.
	at   uint64 // Positions of their entries; 0 in a lane that is free.
}

const (
	lanes    = 4
	laneBits = 64 / lanes
	eachLane = 0x0001_0001_0001_0001
	laneTops = eachLane << (laneBits - 1)
	// maxEntries is what a lane has room for.
	maxEntries = 1 << laneBits
)

// newSketchIndex has about two lanes for each entry.
func newSketchIndex(entries int) sketchIndex {
	if entries > maxEntries {
		panic("a sketch has more entries than its index can tell apart")
	}
	n := 2
	for 8*n < 3*entries {
		n *= 2
	}
	return sketchIndex{buckets: make([]bucket, n), mask: uint32(n - 1), shift: uint8(64 - bits.TrailingZeros(uint(n)))}
}

// place is where the look for a key ended.
type place struct {
	hash   uint64
	at     int32 // Position of the entry; −1 when there is none.
	bucket uint32
	lane   uint8 // The first bit of it. Without an entry it is the free lane where the key belongs, good until the next change.
}

func tagOf(hash uint64) uint16 { return uint16(hash) | 1 }

// zeroLanes has the top bit of each lane that is 0. Above one that is 0 there may be bits of lanes that are not: only the lowest is certain.
func zeroLanes(v uint64) uint64 { return (v - eachLane) & ^v & laneTops }

// with finds the lanes that have a tag. Only the first one is certain: the others may have another tag, or be free. Either way they say where an entry is, of
// which the key is compared, because a free lane says 0 and there is one.
func (b *bucket) with(tag uint16) uint64 { return zeroLanes(b.tags ^ uint64(tag)*eachLane) }

// laneOf is the first bit of the first lane that a result of zeroLanes has.
func laneOf(zero uint64) uint8 { return uint8(bits.TrailingZeros64(zero)) &^ (laneBits - 1) }

func (x *sketchIndex) home(hash uint64) uint32 { return uint32(hash >> x.shift) }

// free is where a key belongs that is not there.
func (x *sketchIndex) free(hash uint64) place {
	for b := x.home(hash); ; b = (b + 1) & x.mask {
		if zero := zeroLanes(x.buckets[b].tags); zero != 0 {
			return place{hash, -1, b, laneOf(zero)}
		}
	}
}

// link puts a position where a look for its key ended.
func (x *sketchIndex) link(p place, at int) {
	b := &x.buckets[p.bucket]
	b.tags |= uint64(tagOf(p.hash)) << p.lane
	b.at |= uint64(at) << p.lane
}

// find looks for the entry of a key.
func (s *sketch[K]) find(key K) place {
	hash := s.hash(key)
	for n := s.index.home(hash); ; n = (n + 1) & s.index.mask {
		b := &s.index.buckets[n]
		for found := b.with(tagOf(hash)); found != 0; found &= found - 1 {
			lane := laneOf(found)
			if at := int32(uint16(b.at >> lane)); s.entries[at].key == key {
				return place{hash, at, n, lane}
			}
		}
		if zero := zeroLanes(b.tags); zero != 0 {
			return place{hash, -1, n, laneOf(zero)}
		}
	}
}

// reindex makes the index anew.
func (s *sketch[K]) reindex() {
	clear(s.index.buckets)
	for i := range s.entries {
		s.index.link(s.index.free(s.hash(s.entries[i].key)), i)
	}
}

// unindex makes the index empty. Of few entries it clears the buckets that they may be in: their own one, and the next ones while those before were full.
func (s *sketch[K]) unindex() {
	x := &s.index
	if 8*len(s.entries) > len(x.buckets) {
		clear(x.buckets)
		return
	}
	for i := range s.entries {
		for n, full := x.home(s.hash(s.entries[i].key)), true; full; n = (n + 1) & x.mask {
			full = zeroLanes(x.buckets[n].tags) == 0
			x.buckets[n] = bucket{}
		}
	}
}
