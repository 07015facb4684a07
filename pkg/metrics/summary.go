package metrics

import "flowd/pkg/parser"

// Summary is the totals in a few numbers, for a status line. Unlike a scrape it shows what is committed, births included.
type Summary struct {
	Objects uint64 `json:"objects"` // Counted objects.
	Records uint64 `json:"records"` // Records with status OK.
	// Accept, Reject and Bytes are those of the flow label sets that are exposed: what was idle for the idle timeout is not in them.
	Accept uint64 `json:"accept"` // Accepted records.
	Reject uint64 `json:"reject"` // Rejected records.
	Bytes  uint64 `json:"bytes"`  // Transferred bytes.
	// Interfaces is the number of label sets in the interface families.
	Interfaces int `json:"interface_label_sets"`
}

// Summary reads the last published snapshot. It may be called by any goroutine.
func (t *Totals) Summary() Summary {
	snap := t.snapshot.Load()
	s := Summary{Interfaces: len(snap.sets[familyInterface])}
	for _, set := range snap.sets[familyObjectsCounted] {
		s.Objects = snap.pages.get(set.slot)
	}
	for _, set := range snap.sets[familyRecordsRead] {
		if set.values[0] == parser.LogStatusOK.String() {
			s.Records = snap.pages.get(set.slot)
		}
	}
	const actionPosition = 2 // Of flowd_flow_records_total, see trafficDefinitions.
	for _, set := range snap.sets[familyFlow] {
		records := snap.pages.get(set.slot + counterRecords)
		s.Bytes += snap.pages.get(set.slot + counterBytes)
		switch set.values[actionPosition] {
		case parser.ActionAccept.String():
			s.Accept += records
		case parser.ActionReject.String():
			s.Reject += records
		}
	}
	return s
}
