package metrics

import (
	"math/rand/v2"

	"flowd/pkg/parser"
)

// analysisEntries is how many keys each ranking of an analysis follows: below 1 MB per ranking, and rankings are exact up to so many distinct keys.
const analysisEntries = 8192

// Analysis counts a set of files as a whole: totals, and rankings over everything without decay. Unlike [Totals] it is neither durable nor
// exposed. It is for one goroutine; an [AnalysisPart] is too, but another one.
//
// The result depends on what was merged and in which order, and on nothing else.
type Analysis struct {
	hashes   analysisHashes
	sums     analysisSums
	rankings *analysisRankings // Nil before the first merge.
	space    *mergeSpace       // Nil before the second one.
	entries  int
}

// AnalysisPart is what one file contributes. It is private until it is merged, and nothing when it is reset instead.
type AnalysisPart struct {
	hashes   analysisHashes
	sums     analysisSums
	rankings *analysisRankings // Nil before the first record, so that a part that is not needed costs nothing.
	entries  int
}

// AnalysisTraffic is what `ok` records carry.
type AnalysisTraffic struct {
	Records uint64 `json:"records"`
	Packets uint64 `json:"packets"` // Of all records; saturates.
	Bytes   uint64 `json:"bytes"`   // Of all records; saturates.
}

// analysisSums are the numbers that only add up.
type analysisSums struct {
	text      uint64
	read      [numStatuses]uint64
	malformed [parser.NumReasons]uint64
	actions   [numActions]AnalysisTraffic
}

// NewAnalysis returns an analysis of nothing.
func NewAnalysis() *Analysis { return newAnalysis(analysisEntries) }

func newAnalysis(entries int) *Analysis {
	return &Analysis{hashes: newAnalysisHashes(rand.Uint64()), entries: entries}
}

// NewPart returns an empty part, to be used for one file after another.
func (a *Analysis) NewPart() *AnalysisPart {
	return &AnalysisPart{hashes: a.hashes, entries: a.entries}
}

// Add counts a record. It keeps nothing that aliases the record's line, and allocates nothing but once in the life of the part.
// NODATA and SKIPDATA records carry no flow: they are counted as read, and nowhere else.
func (p *AnalysisPart) Add(r *parser.Record) {
	p.sums.read[r.LogStatus]++
	if r.LogStatus != parser.LogStatusOK {
		return
	}
	p.sums.actions[r.Action].add(AnalysisTraffic{1, r.Packets, r.Bytes})
	if p.rankings == nil {
		p.rankings = newAnalysisRankings(p.entries, p.hashes)
	}
	p.rankings.add(r)
}

// AddMalformed counts a line that did not parse.
func (p *AnalysisPart) AddMalformed(reason parser.Reason) { p.sums.malformed[reason]++ }

// AddText counts bytes of text, after inflating.
func (p *AnalysisPart) AddText(bytes uint64) { p.sums.text += bytes }

// Reset throws away everything that the part counted.
func (p *AnalysisPart) Reset() {
	p.sums = analysisSums{}
	if p.rankings != nil {
		p.rankings.reset()
	}
}

// Merge adds a part, and leaves it empty.
func (a *Analysis) Merge(p *AnalysisPart) {
	a.sums.merge(&p.sums)
	switch {
	case p.rankings == nil:
	case a.rankings == nil:
		a.rankings, p.rankings = p.rankings, nil
	default:
		if a.space == nil {
			a.space = newMergeSpace(a.entries)
		}
		a.rankings.merge(p.rankings, a.space)
	}
	p.Reset()
}

func (s *analysisSums) merge(o *analysisSums) {
	s.text += o.text
	for i := range s.read {
		s.read[i] += o.read[i]
	}
	for i := range s.malformed {
		s.malformed[i] += o.malformed[i]
	}
	for i := range s.actions {
		s.actions[i].add(o.actions[i])
	}
}

func (t *AnalysisTraffic) add(o AnalysisTraffic) {
	t.Records += o.Records
	t.Packets = addSaturating(t.Packets, o.Packets)
	t.Bytes = addSaturating(t.Bytes, o.Bytes)
}
