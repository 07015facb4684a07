package metrics

import "math/bits"

// sketchIndex finds the entry of a key: open addressing with linear probing. A slot is 0 when it is empty, else a mark made of the upper bits of the
// key's hash, and 1 + the position of the entry in the bits below. So a key that is not there is mostly told without a look at any entry, and
// closing a gap needs no hash.
type sketchIndex struct {
	slots []uint32
	mask  uint32
	shift uint8  // Of a mark to its home slot.
	low   uint32 // The bits of the position.
}

// newSketchIndex has at least three slots for two entries. There can be 2¹⁵−1 entries: position and home must fit into 32 bits together.
func newSketchIndex(entries int) sketchIndex {
	slots := 4
	for 2*slots < 3*entries {
		slots *= 2
	}
	return sketchIndex{
		slots: make([]uint32, slots), mask: uint32(slots - 1), shift: uint8(32 - bits.TrailingZeros(uint(slots))), low: 1<<bits.Len(uint(entries)) - 1,
	}
}

// place is what a hash says, and where a look for its key ended.
type place struct {
	at   int32  // Position of the entry; −1 when there is none.
	slot uint32 // Where the key belongs, good until the next change.
	mark uint32
}

func (x *sketchIndex) placeOf(hash uint64) place {
	mark := uint32(hash>>32) &^ x.low
	return place{-1, mark >> x.shift, mark}
}

// link puts a position where a look for its key ended.
func (x *sketchIndex) link(p place, at int32) { x.slots[p.slot] = p.mark | uint32(at+1) }

// free is where a key belongs that is not there.
func (x *sketchIndex) free(hash uint64) place {
	p := x.placeOf(hash)
	for x.slots[p.slot] != 0 {
		p.slot = (p.slot + 1) & x.mask
	}
	return p
}

// unlink takes a position out and closes the gap, so that no tombstones gather. It must be there, under that mark.
func (x *sketchIndex) unlink(mark uint32, at int32) {
	gap, gone := mark>>x.shift, mark|uint32(at+1)
	for x.slots[gap&x.mask] != gone {
		gap++
	}
	gap &= x.mask
	for slot := (gap + 1) & x.mask; x.slots[slot] != 0; slot = (slot + 1) & x.mask {
		home := (x.slots[slot] &^ x.low) >> x.shift
		if (slot-home)&x.mask >= (slot-gap)&x.mask {
			x.slots[gap] = x.slots[slot]
			gap = slot
		}
	}
	x.slots[gap] = 0
}

// find looks for the entry of a key.
func (s *sketch[K]) find(key K) place {
	x := &s.index
	p := x.placeOf(s.hash(key))
	for ; ; p.slot = (p.slot + 1) & x.mask {
		v := x.slots[p.slot]
		if v == 0 {
			return p
		}
		if at := int32(v&x.low) - 1; v&^x.low == p.mark && s.entries[at].key == key {
			p.at = at
			return p
		}
	}
}

// reindex makes the index anew.
func (s *sketch[K]) reindex() {
	clear(s.index.slots)
	for i := range s.entries {
		s.index.link(s.index.free(s.hash(s.entries[i].key)), int32(i))
	}
}
