package metrics

import (
	"cmp"
	"slices"

	"flowd/pkg/parser"
)

// analysisHashes are shared by everything that is merged, so that a key is where it is in each. Only the index depends on them: the seed changes
// neither which keys are kept nor what they count.
type analysisHashes struct {
	addr func(parser.Addr) uint64
	pair func(pairKey) uint64
	port func(portKey) uint64
}

func newAnalysisHashes(seed uint64) analysisHashes {
	return analysisHashes{hashAddr(seed), hashPair(seed), hashPort(seed)}
}

// analysisRankings are the five rankings, of one file or of all.
type analysisRankings struct {
	source, destination tally[parser.Addr]
	pair                tally[pairKey]
	rejectedSource      tally[parser.Addr]
	rejectedPort        tally[portKey]
}

func newAnalysisRankings(entries int, h analysisHashes) *analysisRankings {
	return &analysisRankings{
		source:         tally[parser.Addr]{sketch: newSketch(entries, 0, h.addr).wait(hashAddr(0))},
		destination:    tally[parser.Addr]{sketch: newSketch(entries, 0, h.addr).wait(hashAddr(0))},
		pair:           tally[pairKey]{sketch: newSketch(entries, 0, h.pair).wait(hashPair(0))},
		rejectedSource: tally[parser.Addr]{sketch: newSketch(entries, 0, h.addr).wait(hashAddr(0))},
		rejectedPort:   tally[portKey]{sketch: newSketch(entries, 0, h.port).wait(hashPort(0))},
	}
}

// add books the record in every ranking that sees it, as batches do: rankings by bytes take every record, the others rejected ones.
func (a *analysisRankings) add(r *parser.Record) {
	hasSrc, hasDst := r.Has(parser.FieldSrcAddr), r.Has(parser.FieldDstAddr)
	a.source.add(r.SrcAddr, hasSrc, r.Bytes)
	a.destination.add(r.DstAddr, hasDst, r.Bytes)
	a.pair.add(pairKey{r.SrcAddr, r.DstAddr}, hasSrc && hasDst, r.Bytes)
	if r.Action == parser.ActionReject {
		a.rejectedSource.add(r.SrcAddr, hasSrc, 1)
		a.rejectedPort.add(portKeyOf(protocolOf(r), r.DstPort), r.Has(parser.FieldDstPort), 1)
	}
}

func (a *analysisRankings) merge(o *analysisRankings, w *mergeSpace) {
	a.source.merge(&o.source, w)
	a.destination.merge(&o.destination, w)
	a.pair.merge(&o.pair, w)
	a.rejectedSource.merge(&o.rejectedSource, w)
	a.rejectedPort.merge(&o.rejectedPort, w)
}

func (a *analysisRankings) reset() {
	a.source.reset()
	a.destination.reset()
	a.pair.reset()
	a.rejectedSource.reset()
	a.rejectedPort.reset()
}

// tally is a sketch that can be merged: for every key in it count−err ≤ true weight ≤ count, and no other key has more than floor. As long as there
// were fewer distinct keys than entries, every err and the floor are 0.
// Source: Agarwal, Cormode, Huang, Phillips, Wei, Yi, "Mergeable Summaries", PODS 2012, section 4.
type tally[K comparable] struct {
	sketch *sketch[K]
}

func (t *tally[K]) add(key K, known bool, weight uint64) {
	if known && weight > 0 {
		t.sketch.add(key, weight)
	}
}

func (t *tally[K]) reset() { t.sketch.reset() }

// raise allows for weight that may have been there, unseen.
func (e *entry[K]) raise(unseen uint64) {
	e.count, e.err = addSaturating(e.count, unseen), addSaturating(e.err, unseen)
}

// top returns the n heaviest entries, heaviest first, equal ones in the order of their keys. Sorting bare counts first leaves few entries to sort.
func (t *tally[K]) top(n int, compare func(a, b K) int) []entry[K] {
	entries := t.sketch.entries
	if n = min(n, len(entries)); n <= 0 {
		return nil
	}
	counts := make([]uint64, len(entries))
	for i := range entries {
		counts[i] = entries[i].count
	}
	slices.Sort(counts)
	least := counts[len(counts)-n]
	var out []entry[K]
	for _, e := range entries {
		if e.count >= least {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b entry[K]) int { return cmp.Or(cmp.Compare(b.count, a.count), compare(a.key, b.key)) })
	return out[:n]
}

func compareAddr(a, b parser.Addr) int {
	return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo))
}

func comparePair(a, b pairKey) int {
	return cmp.Or(compareAddr(a.src, b.src), compareAddr(a.dst, b.dst))
}
