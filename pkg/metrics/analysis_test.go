package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"flowd/pkg/parser"
)

// analyzed merges one part for each list of lines in testHeader's format.
func analyzed(t testing.TB, a *Analysis, files ...[]string) *Analysis {
	t.Helper()
	p := a.NewPart()
	for _, lines := range files {
		for _, l := range lines {
			p.Add(record(t, l))
		}
		a.Merge(p)
	}
	return a
}

// flowLine is a line in testHeader's format.
func flowLine(src, dst string, port int, bytes uint64, action string) string {
	return fmt.Sprintf("123456789012 vpc-1 subnet-1 eni-1 %s %s %d 6 2 %d 1799999990 %s ingress OK", src, dst, port, bytes, action)
}

// TestAnalysisJSON has every member once, so that a name, an order or a type that changes shows.
func TestAnalysisJSON(t *testing.T) {
	a := NewAnalysis()
	p := a.NewPart()
	for _, l := range []string{
		flowLine("10.0.0.1", "10.0.0.2", 443, 100, "ACCEPT"),
		flowLine("10.0.0.1", "10.0.0.2", 443, 50, "ACCEPT"),
		flowLine("2001:db8::1", "10.0.0.2", 80, 7, "ACCEPT"),
		flowLine("198.51.100.9", "10.0.0.1", 22, 40, "REJECT"),
		"123456789012 vpc-1 subnet-1 eni-1 198.51.100.9 10.0.0.1 0 1 1 20 1799999990 REJECT ingress OK",
		"123456789012 vpc-1 subnet-1 eni-1 198.51.100.8 10.0.0.1 22 6 1 20 1799999990 REJECT ingress OK",
		"123456789012 vpc-1 subnet-1 eni-1 - - - - - - 1799999990 - - NODATA",
		"123456789012 vpc-1 subnet-1 eni-1 - - - - - - 1799999990 - - SKIPDATA",
		"123456789012 vpc-1 subnet-1 eni-1 - 10.0.0.3 - - - - 1799999990 - - -", // No status counts as ok, no number as 0.
	} {
		p.Add(record(t, l))
	}
	p.AddMalformed(parser.BadNumber)
	p.AddMalformed(parser.BadNumber)
	p.AddMalformed(parser.LineTooLong)
	p.AddText(12345)
	a.Merge(p)
	got, err := json.MarshalIndent(a.Result(2), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"bytes":12345,"records":9,"log_status":{"ok":7,"nodata":1,"skipdata":1},"malformed":{"bad_number":2,"line_too_long":1},
"actions":{"accept":{"records":3,"packets":6,"bytes":157},"reject":{"records":3,"packets":4,"bytes":80},"unknown":{"records":1,"packets":0,"bytes":0}},
"top":{"source_bytes":[{"srcaddr":"10.0.0.1","bytes":150,"error":0},{"srcaddr":"198.51.100.9","bytes":60,"error":0}],
"destination_bytes":[{"dstaddr":"10.0.0.2","bytes":157,"error":0},{"dstaddr":"10.0.0.1","bytes":80,"error":0}],
"pair_bytes":[{"srcaddr":"10.0.0.1","dstaddr":"10.0.0.2","bytes":150,"error":0},{"srcaddr":"198.51.100.9","dstaddr":"10.0.0.1","bytes":60,"error":0}],
"rejected_source_records":[{"srcaddr":"198.51.100.9","records":2,"error":0},{"srcaddr":"198.51.100.8","records":1,"error":0}],
"rejected_port_records":[{"protocol":"tcp","dstport":22,"records":2,"error":0},{"protocol":"icmp","dstport":0,"records":1,"error":0}]}}`
	if plain := strings.NewReplacer("\n", "", " ", "").Replace(string(got)); plain != strings.ReplaceAll(want, "\n", "") {
		t.Errorf("got\n%s\nwant\n%s", plain, want)
	}
}

func TestAnalysisOfNothingHasEveryMember(t *testing.T) {
	got, err := json.Marshal(NewAnalysis().Result(20))
	if err != nil {
		t.Fatal(err)
	}
	const none = `{"records":0,"packets":0,"bytes":0}`
	const want = `{"bytes":0,"records":0,"log_status":{"ok":0,"nodata":0,"skipdata":0},"malformed":{},"actions":{"accept":` + none + `,"reject":` + none +
		`,"unknown":` + none + `},"top":{"source_bytes":[],"destination_bytes":[],"pair_bytes":[],"rejected_source_records":[],"rejected_port_records":[]}}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPartThatIsResetLeavesNoTrace(t *testing.T) {
	want := analyzed(t, NewAnalysis(), []string{flowLine("10.0.0.1", "10.0.0.2", 1, 5, "REJECT")})
	a := NewAnalysis()
	p := a.NewPart()
	for _, merge := range []bool{false, true, false} {
		if !merge {
			p.Add(record(t, flowLine("10.9.9.9", "10.0.0.2", 2, 7, "REJECT")))
			p.AddMalformed(parser.BadAction)
			p.AddText(9)
			p.Reset()
			a.Merge(p)
			continue
		}
		p.Add(record(t, flowLine("10.0.0.1", "10.0.0.2", 1, 5, "REJECT")))
		a.Merge(p)
	}
	if got, want := fmt.Sprint(a.Result(9)), fmt.Sprint(want.Result(9)); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestEqualRowsAreInTheOrderOfTheirKeys(t *testing.T) {
	a := analyzed(t, NewAnalysis(),
		[]string{flowLine("2001:db8::1", "10.0.0.9", 9, 5, "REJECT"), flowLine("10.0.0.10", "10.0.0.9", 7, 5, "REJECT")},
		[]string{flowLine("9.0.0.3", "10.0.0.9", 8, 5, "REJECT"), flowLine("10.0.0.2", "10.0.0.9", 80, 5, "REJECT")})
	top := a.Result(3).Top
	if got, want := fmt.Sprint(top.SourceBytes), "[{9.0.0.3 5 0} {10.0.0.2 5 0} {10.0.0.10 5 0}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(top.RejectedPortRecords), "[{tcp 7 1 0} {tcp 8 1 0} {tcp 9 1 0}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKeysWithoutWeightAreNotRanked(t *testing.T) {
	a := analyzed(t, NewAnalysis(), []string{
		flowLine("10.0.0.1", "10.0.0.2", 1, 0, "ACCEPT"),
		"123456789012 vpc-1 subnet-1 eni-1 - 10.0.0.3 - 6 1 5 1799999990 REJECT ingress OK", // Neither a source nor a port to rank.
		"123456789012 vpc-1 subnet-1 eni-1 10.0.0.4 - - 6 1 7 1799999990 ACCEPT ingress OK",
	})
	if got, want := fmt.Sprint(a.Result(9).Top), "{[{10.0.0.4 7 0}] [{10.0.0.3 5 0}] [] [] []}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnalysisSaturates(t *testing.T) {
	line := flowLine("10.0.0.1", "10.0.0.2", 443, math.MaxUint64, "ACCEPT")
	r := analyzed(t, NewAnalysis(), []string{line, line}, []string{line}).Result(1)
	if r.Actions.Accept.Bytes != math.MaxUint64 || r.Top.SourceBytes[0].Bytes != math.MaxUint64 || r.Actions.Accept.Records != 3 {
		t.Errorf("got %+v and %+v, want the largest number, and 3 records", r.Actions.Accept, r.Top.SourceBytes)
	}
}

// TestAnalysisAllocatesNothingPerRecord: not even when every record has keys of its own, and keys are dropped for others.
func TestAnalysisAllocatesNothingPerRecord(t *testing.T) {
	a := newAnalysis(64)
	p := a.NewPart()
	f, err := parser.ParseFormat(testHeader)
	if err != nil {
		t.Fatal(err)
	}
	lines := make([][]byte, 1000)
	for i := range lines {
		lines[i] = []byte(flowLine(address(i), address(7*i), i%60000, uint64(i), "REJECT"))
	}
	r := new(parser.Record)
	file := func() {
		for _, l := range lines {
			if err := f.Parse(l, r); err != nil {
				t.Fatal(err)
			}
			p.Add(r)
		}
		a.Merge(p)
	}
	file() // The first part becomes the analysis.
	file()
	if n := testing.AllocsPerRun(5, file); n != 0 {
		t.Errorf("got %v allocations for a file of %d records, want none", n, len(lines))
	}
}
