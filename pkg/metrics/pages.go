package metrics

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// pageValues is the number of counters in a page: 1 KiB on disk. Larger pages write more bytes for one changed counter, smaller ones cost
// more keys; at 128 a commit that touches every third counter writes about three times what changed.
const pageValues = 128

type page [pageValues]uint64

// pageTable is a copy-on-write array of counters. Published tables are never written: a stage copies the page first.
type pageTable []*page

func (t pageTable) get(slot uint32) uint64 {
	n := slot / pageValues
	if int(n) >= len(t) || t[n] == nil {
		return 0
	}
	return t[n][slot%pageValues]
}

func encodePage(p *page) []byte {
	b := make([]byte, 0, 8*pageValues)
	for _, v := range p {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func decodePage(b []byte) (*page, error) {
	if len(b) != 8*pageValues {
		return nil, fmt.Errorf("a counter page has %d bytes, want %d", len(b), 8*pageValues)
	}
	p := new(page)
	for i := range p {
		p[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return p, nil
}

// addSaturating never wraps: a counter that would is a counter that a hostile record aimed at, and wrapping would look like a reset.
func addSaturating(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}
