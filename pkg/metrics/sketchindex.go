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

func (x *sketchIndex) markOf(hash uint64) uint32 { return uint32(hash>>32) &^ x.low }

// link puts a position at a slot where its mark may be.
func (x *sketchIndex) link(slot, mark uint32, at int32) { x.slots[slot] = mark | uint32(at+1) }

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

// find returns the position of the key's entry, or −1 and where it belongs: the slot and its mark, good until the next change.
func (s *sketch[K]) find(key K) (at int32, slot, mark uint32) {
	x := &s.index
	mark = x.markOf(s.hash(key))
	for slot = mark >> x.shift; ; slot = (slot + 1) & x.mask {
		v := x.slots[slot&uint32(len(x.slots)-1)]
		if v == 0 {
			return -1, slot, mark
		}
		if at = int32(v&x.low) - 1; v&^x.low == mark && s.entries[at].key == key {
			return at, slot, mark
		}
	}
}
