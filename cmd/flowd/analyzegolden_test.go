package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowd/internal/flowgen"
)

// TestAnalyzeEqualsTheGoldenTotals: files of every format, with every oddity, and broken ones among them.
func TestAnalyzeEqualsTheGoldenTotals(t *testing.T) {
	g, err := flowgen.New(flowgen.Config{Seed: 3, RecordsPerObject: 300})
	if err != nil {
		t.Fatal(err)
	}
	dir, golden, formats := t.TempDir(), new(flowgen.Totals), map[string]bool{}
	const files, broken = 36, 4
	for i := range files {
		if i%10 == 9 {
			g.Spike(1)
		}
		o := g.Object(time.Unix(1_767_225_600+int64(i)*300, 0))
		formats[o.Format] = true
		golden.Merge(o.Totals)
		save(t, filepath.Join(dir, o.Key), o.Body)
		if i%(files/broken) == 0 {
			save(t, filepath.Join(dir, strings.Replace(o.Key, ".log.gz", "-cut.log.gz", 1)), cut(o.Body))
		}
	}
	if len(formats) < 10 {
		t.Fatalf("only %d formats: %v", len(formats), formats)
	}
	stdout, _, code := onFiles(t, "analyze", "--output=json", "--top=1000000", dir)
	var got analyzeReport
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if code != exitFailure || got.Files != files+broken || len(got.Errors) != broken {
		t.Errorf("got exit code %d, %d files, errors %v, want 1, %d files, %d of them broken", code, got.Files, got.Errors, files+broken, broken)
	}
	compareTotals(t, &got, golden)
	compareSources(t, &got, golden.SourceBytes)
}

// compareTotals holds what adds up against the golden totals.
func compareTotals(t *testing.T, got *analyzeReport, golden *flowgen.Totals) {
	t.Helper()
	actions := map[string]flowgen.Counts{"accept": {}, "reject": {}, "unknown": {}}
	for key, c := range golden.Flows {
		a := actions[key.Action]
		actions[key.Action] = flowgen.Counts{Records: a.Records + c.Records, Bytes: a.Bytes + c.Bytes, Packets: a.Packets + c.Packets}
	}
	text := func(v any) string { return fmt.Sprint(v) }
	read := golden.RecordsRead
	for _, c := range []struct{ what, got, want string }{
		{"bytes of text", text(got.Bytes), text(golden.ObjectBytes.Uncompressed)},
		{"records", text(got.Records), text(read["ok"] + read["nodata"] + read["skipdata"])},
		{"log status", text(got.LogStatus), fmt.Sprintf("{%d %d %d}", read["ok"], read["nodata"], read["skipdata"])},
		{"malformed", text(got.Malformed), text(golden.Malformed)},
		{"accept", fmt.Sprint(got.Actions.Accept.Records, got.Actions.Accept.Bytes, got.Actions.Accept.Packets), numbers(actions["accept"])},
		{"reject", fmt.Sprint(got.Actions.Reject.Records, got.Actions.Reject.Bytes, got.Actions.Reject.Packets), numbers(actions["reject"])},
		{"unknown", fmt.Sprint(got.Actions.Unknown.Records, got.Actions.Unknown.Bytes, got.Actions.Unknown.Packets), numbers(actions["unknown"])},
	} {
		if c.got != c.want || c.want == "map[]" {
			t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
		}
	}
}

func numbers(c flowgen.Counts) string { return fmt.Sprint(c.Records, c.Bytes, c.Packets) }

// compareSources wants the whole ranking: there are fewer sources than a ranking follows.
func compareSources(t *testing.T, got *analyzeReport, want map[string]uint64) {
	t.Helper()
	sources := slices.SortedFunc(maps.Keys(want), func(a, b string) int { return cmp.Compare(want[b], want[a]) })
	sources = slices.DeleteFunc(sources, func(s string) bool { return want[s] == 0 })
	rows := got.Top.SourceBytes
	if len(rows) != len(sources) || len(rows) < 1000 {
		t.Fatalf("got %d sources, want %d, and many", len(rows), len(sources))
	}
	for i, row := range rows {
		if row.Bytes != want[row.SrcAddr.String()] || row.Bytes != want[sources[i]] || row.Error != 0 {
			t.Fatalf("place %d: got %+v, want %d bytes, and %s there or one that is as heavy", i, row, want[row.SrcAddr.String()], sources[i])
		}
	}
}

func save(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// cut is a body that breaks in the middle; plain text, which cannot, begins with a line that is no header.
func cut(body []byte) []byte {
	if body[0] != 0x1f {
		return append([]byte("no header\n"), body...)
	}
	return body[:len(body)/2]
}
