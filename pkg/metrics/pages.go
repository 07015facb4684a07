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

// addSaturating never wraps: what adds up past 64 bits within one object is a number that somebody made up.
func addSaturating(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}

// addOrRestart starts a counter again, at what is added, where its 64 bits end. Prometheus takes that for a restart and adds just b, so `increase()` stays
// right. A counter that stayed at its end would show nothing any more after one hostile record, for ever; one that wrapped would show what nobody counted.
//
// There is no bound on a single record instead: AWS's numbers have 64 bits, and a bound that no real window reaches would only cost whoever writes
// to the bucket some thousand lines more.
func addOrRestart(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return b
	}
	return sum
}
