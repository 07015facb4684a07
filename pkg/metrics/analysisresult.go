package metrics

import (
	"cmp"
	"net/netip"

	"flowd/pkg/parser"
)

// AnalysisResult is what an [Analysis] found. Its JSON names are an interface for other programs.
type AnalysisResult struct {
	// Bytes of text, after inflating.
	Bytes uint64 `json:"bytes"`
	// Records is the sum of LogStatus.
	Records   uint64            `json:"records"`
	LogStatus AnalysisLogStatus `json:"log_status"`
	// Malformed are the lines that did not parse, by reason. Reasons that did not occur are not there.
	Malformed map[string]uint64 `json:"malformed"`
	Actions   AnalysisActions   `json:"actions"`
	Top       AnalysisTop       `json:"top"`
}

// AnalysisLogStatus are the records by log status; those that do not say count as OK.
type AnalysisLogStatus struct {
	OK       uint64 `json:"ok"`
	NoData   uint64 `json:"nodata"`
	SkipData uint64 `json:"skipdata"`
}

// AnalysisActions are the `ok` records by action; unknown are those without one.
type AnalysisActions struct {
	Accept  AnalysisTraffic `json:"accept"`
	Reject  AnalysisTraffic `json:"reject"`
	Unknown AnalysisTraffic `json:"unknown"`
}

// AnalysisTop are the rankings, heaviest first. The true number of a row is never above the one shown, and at most Error below it; a key that
// is in no row has no more than the last row shows.
type AnalysisTop struct {
	SourceBytes           []SourceBytes           `json:"source_bytes"`
	DestinationBytes      []DestinationBytes      `json:"destination_bytes"`
	PairBytes             []PairBytes             `json:"pair_bytes"`
	RejectedSourceRecords []RejectedSourceRecords `json:"rejected_source_records"`
	RejectedPortRecords   []RejectedPortRecords   `json:"rejected_port_records"`
}

// SourceBytes are the bytes that a source sent.
type SourceBytes struct {
	SrcAddr netip.Addr `json:"srcaddr"`
	Bytes   uint64     `json:"bytes"`
	Error   uint64     `json:"error"`
}

// DestinationBytes are the bytes that were sent to a destination.
type DestinationBytes struct {
	DstAddr netip.Addr `json:"dstaddr"`
	Bytes   uint64     `json:"bytes"`
	Error   uint64     `json:"error"`
}

// PairBytes are the bytes that a source sent to a destination.
type PairBytes struct {
	SrcAddr netip.Addr `json:"srcaddr"`
	DstAddr netip.Addr `json:"dstaddr"`
	Bytes   uint64     `json:"bytes"`
	Error   uint64     `json:"error"`
}

// RejectedSourceRecords are the rejected records of a source.
type RejectedSourceRecords struct {
	SrcAddr netip.Addr `json:"srcaddr"`
	Records uint64     `json:"records"`
	Error   uint64     `json:"error"`
}

// RejectedPortRecords are the rejected records to a destination port. Protocol is as in the label of flowd_top_rejected_port_records_total.
type RejectedPortRecords struct {
	Protocol string `json:"protocol"`
	DstPort  uint16 `json:"dstport"`
	Records  uint64 `json:"records"`
	Error    uint64 `json:"error"`
}

// Result returns what was merged so far, with at most n rows per ranking. The caller owns it.
func (a *Analysis) Result(n int) AnalysisResult {
	s, read := &a.sums, a.sums.read
	r := AnalysisResult{
		Bytes:     s.text,
		Records:   read[parser.LogStatusOK] + read[parser.LogStatusNoData] + read[parser.LogStatusSkipData],
		LogStatus: AnalysisLogStatus{read[parser.LogStatusOK], read[parser.LogStatusNoData], read[parser.LogStatusSkipData]},
		Malformed: map[string]uint64{},
		Actions:   AnalysisActions{s.actions[parser.ActionAccept], s.actions[parser.ActionReject], s.actions[parser.ActionUnknown]},
	}
	for reason, lines := range s.malformed {
		if lines > 0 {
			r.Malformed[parser.Reason(reason).String()] = lines
		}
	}
	rankings := a.rankings
	if rankings == nil {
		rankings = newAnalysisRankings(1, a.hashes)
	}
	r.Top = rankings.result(n)
	return r
}

func (a *analysisRankings) result(n int) AnalysisTop {
	return AnalysisTop{
		SourceBytes: rows(&a.source, n, compareAddr, func(e entry[parser.Addr]) SourceBytes {
			return SourceBytes{e.key.Netip(), e.count, e.err}
		}),
		DestinationBytes: rows(&a.destination, n, compareAddr, func(e entry[parser.Addr]) DestinationBytes {
			return DestinationBytes{e.key.Netip(), e.count, e.err}
		}),
		PairBytes: rows(&a.pair, n, comparePair, func(e entry[pairKey]) PairBytes {
			return PairBytes{e.key.src.Netip(), e.key.dst.Netip(), e.count, e.err}
		}),
		RejectedSourceRecords: rows(&a.rejectedSource, n, compareAddr, func(e entry[parser.Addr]) RejectedSourceRecords {
			return RejectedSourceRecords{e.key.Netip(), e.count, e.err}
		}),
		RejectedPortRecords: rows(&a.rejectedPort, n, cmp.Compare[portKey], func(e entry[portKey]) RejectedPortRecords {
			return RejectedPortRecords{e.key.protocol().String(), e.key.port(), e.count, e.err}
		}),
	}
}

// rows is never nil: in JSON an empty ranking is a list.
func rows[K comparable, R any](t *tally[K], n int, compare func(a, b K) int, row func(entry[K]) R) []R {
	out := []R{}
	for _, e := range t.top(n, compare) {
		out = append(out, row(e))
	}
	return out
}
