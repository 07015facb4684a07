package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"flowd/pkg/metrics"
)

// table shows the report to a person.
func (r *analyzeReport) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	malformed := uint64(0)
	for _, lines := range r.Malformed {
		malformed += lines
	}
	fmt.Fprintf(t, "Files\t%d\t%s of text\n", r.Files, byteText(r.Bytes))
	fmt.Fprintf(t, "Records\t%d\t%d ok, %d nodata, %d skipdata\n", r.Records, r.LogStatus.OK, r.LogStatus.NoData, r.LogStatus.SkipData)
	fmt.Fprintf(t, "Malformed\t%d\t%s\n", malformed, nonZero(r.Malformed))
	fmt.Fprint(t, "\nACTION\tRECORDS\tPACKETS\tBYTES\t\n")
	for _, a := range []struct {
		name string
		metrics.AnalysisTraffic
	}{{"accept", r.Actions.Accept}, {"reject", r.Actions.Reject}, {"unknown", r.Actions.Unknown}} {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\n", a.name, a.Records, a.Packets, a.Bytes, byteText(a.Bytes))
	}
	r.rankings(t)
	for i, e := range r.Errors {
		if i == 0 {
			fmt.Fprint(t, "\nNOT COUNTED\tWHY\n")
		}
		fmt.Fprintf(t, "%s\t%s\n", e.File, e.Error)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

func (r *analyzeReport) rankings(w io.Writer) {
	ranking(w, "SOURCE\tBYTES", r.Top.SourceBytes, func(row metrics.SourceBytes) (string, uint64, uint64) {
		return row.SrcAddr.String(), row.Bytes, row.Error
	})
	ranking(w, "DESTINATION\tBYTES", r.Top.DestinationBytes, func(row metrics.DestinationBytes) (string, uint64, uint64) {
		return row.DstAddr.String(), row.Bytes, row.Error
	})
	ranking(w, "SOURCE AND DESTINATION\tBYTES", r.Top.PairBytes, func(row metrics.PairBytes) (string, uint64, uint64) {
		return row.SrcAddr.String() + " → " + row.DstAddr.String(), row.Bytes, row.Error
	})
	ranking(w, "REJECTED SOURCE\tRECORDS", r.Top.RejectedSourceRecords, func(row metrics.RejectedSourceRecords) (string, uint64, uint64) {
		return row.SrcAddr.String(), row.Records, row.Error
	})
	ranking(w, "REJECTED PORT\tRECORDS", r.Top.RejectedPortRecords, func(row metrics.RejectedPortRecords) (string, uint64, uint64) {
		return fmt.Sprintf("%d/%s", row.DstPort, row.Protocol), row.Records, row.Error
	})
}

// ranking shows one ranking, and no heading without rows.
func ranking[R any](w io.Writer, heading string, rows []R, cells func(R) (key string, n, err uint64)) {
	for i, row := range rows {
		if i == 0 {
			fmt.Fprintf(w, "\n%s\tERROR\n", heading)
		}
		key, n, err := cells(row)
		fmt.Fprintf(w, "%s\t%d\t%d\n", key, n, err)
	}
}
