package metrics

import (
	"flowd/pkg/parser"
)

// members are the live members of one ranking at one moment. Batches share it, so it is never written.
type members[K comparable] struct {
	keys []K
	sets []*labelSet // Of the keys, in the same order.
}

// membership is who counts for itself in each ranking.
type membership struct {
	source         members[parser.Addr]
	destination    members[parser.Addr]
	pair           members[pairKey]
	rejectedSource members[parser.Addr]
	rejectedPort   members[portKey]
}

// batchTop is what one ranking saw in one object: the members exactly, the rest as one number, and a sketch that can nominate. The members are
// pinned in the sketch, so that one look-up does both.
type batchTop[K comparable] struct {
	members members[K]
	other   uint64
	sketch  *sketch[K]
}

func (b *batchTop[K]) begin(m members[K]) {
	b.members = m
	b.sketch.pin(m.keys)
}

func (b *batchTop[K]) reset() {
	b.members, b.other = members[K]{}, 0
	b.sketch.reset()
}

// member is what the member at a position had.
func (b *batchTop[K]) member(i int) uint64 { return b.sketch.entries[i].count }

// add books weight once: to the member, or to the others. A key that is not known (a record without the address) can only be an other.
func (b *batchTop[K]) add(key K, known bool, weight uint64) {
	if weight == 0 {
		return
	}
	if known {
		if at := b.sketch.add(key, weight); uint(at) < uint(len(b.members.keys)) {
			return
		}
	}
	b.other = addSaturating(b.other, weight)
}

// batchTops are the five rankings of one batch.
type batchTops struct {
	source         batchTop[parser.Addr]
	destination    batchTop[parser.Addr]
	pair           batchTop[pairKey]
	rejectedSource batchTop[parser.Addr]
	rejectedPort   batchTop[portKey]
}

func newBatchTops(t *Totals) batchTops {
	return batchTops{
		source:         batchTop[parser.Addr]{sketch: t.source.newBatchSketch()},
		destination:    batchTop[parser.Addr]{sketch: t.destination.newBatchSketch()},
		pair:           batchTop[pairKey]{sketch: t.pair.newBatchSketch()},
		rejectedSource: batchTop[parser.Addr]{sketch: t.rejectedSource.newBatchSketch()},
		rejectedPort:   batchTop[portKey]{sketch: t.rejectedPort.newBatchSketch()},
	}
}

func (b *batchTops) begin(m *membership) {
	b.source.begin(m.source)
	b.destination.begin(m.destination)
	b.pair.begin(m.pair)
	b.rejectedSource.begin(m.rejectedSource)
	b.rejectedPort.begin(m.rejectedPort)
}

func (b *batchTops) reset() {
	b.source.reset()
	b.destination.reset()
	b.pair.reset()
	b.rejectedSource.reset()
	b.rejectedPort.reset()
}

// add books the record in every ranking that sees it: rankings by bytes take every record, whatever its action, the others rejected ones.
func (b *batchTops) add(r *parser.Record, proto protocol) {
	hasSrc, hasDst := r.Has(parser.FieldSrcAddr), r.Has(parser.FieldDstAddr)
	b.source.add(r.SrcAddr, hasSrc, r.Bytes)
	b.destination.add(r.DstAddr, hasDst, r.Bytes)
	b.pair.add(pairKey{r.SrcAddr, r.DstAddr}, hasSrc && hasDst, r.Bytes)
	if r.Action == parser.ActionReject {
		b.rejectedSource.add(r.SrcAddr, hasSrc, 1)
		b.rejectedPort.add(portKeyOf(proto, r.DstPort), r.Has(parser.FieldDstPort), 1)
	}
}
