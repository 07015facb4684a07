package golden

import (
	"strings"
	"testing"
	"time"

	"flowd/internal/flowgen"
)

// written is a scrape of exactly what was delivered.
func written(t *testing.T) (*flowgen.Totals, Samples) {
	t.Helper()
	g, err := flowgen.New(flowgen.Config{Seed: 1, RecordsPerObject: 200})
	if err != nil {
		t.Fatal(err)
	}
	totals := g.Object(time.Now()).Totals
	s := expected(totals)
	s["flowd_top_source_other_bytes_total"], s["flowd_top_destination_departed_bytes_total"] = float64(totals.TopSourceBytes), float64(totals.TopDestinationBytes)
	s[`flowd_top_pair_bytes_total{dstaddr="a",srcaddr="b"}`] = float64(totals.TopPairBytes)
	s["flowd_top_rejected_source_other_records_total"], s["flowd_top_rejected_port_other_records_total"] = float64(totals.TopRejectedSourceRecords), float64(totals.TopRejectedPortRecords)
	s["flowd_series"] = 7 // Not known in advance, and not compared.
	return totals, s
}

func TestEverySeriesIsCompared(t *testing.T) {
	totals, s := written(t)
	if sum, first := Difference(totals, s); sum != 0 {
		t.Fatalf("of what was delivered: got %v, %s", sum, first)
	}
	if len(s) < 50 {
		t.Fatalf("only %d series", len(s))
	}
	for series := range s {
		if series == "flowd_series" {
			continue
		}
		s[series]++
		if sum, first := Difference(totals, s); sum != 1 || first == "" {
			t.Errorf("one more in %s: got %v, %q", series, sum, first)
		}
		if sum, _ := SumDifference(totals, s); sum != 1 {
			t.Errorf("one more in %s: got %v in the sums, want 1", series, sum)
		}
		s[series]--
	}
	s[`flowd_port_records_total{action="accept",dstport="1",protocol="none"}`] = 3
	if sum, first := Difference(totals, s); sum != 3 || !strings.Contains(first, "none") {
		t.Errorf("a series that nobody delivered: got %v, %q", sum, first)
	}
}

func TestParse(t *testing.T) {
	s, err := Parse([]byte("# HELP a b\na 1\nb{x=\"y z\"} 2e3\n\n"))
	if err != nil || len(s) != 2 || s["a"] != 1 || s.Sum("b") != 2000 {
		t.Errorf("got %v, %v", s, err)
	}
	for _, bad := range []string{"", "# only\n", "a x\n"} {
		if s, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q: got %v, want an error", bad, s)
		}
	}
}
