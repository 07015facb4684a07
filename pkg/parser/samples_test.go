package parser

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// samplesDir is a folder of sample files that are not part of the project; without it there is nothing to look at.
func samplesDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("FLOWD_SAMPLES")
	if dir == "" {
		t.Skip("FLOWD_SAMPLES is not set: it names the folder of sample records")
	}
	return dir
}

type sample struct {
	ID, Format, Line string
	Expect           json.RawMessage
}

func readSamples(t *testing.T, name string) []sample {
	t.Helper()
	f, err := os.Open(filepath.Join(samplesDir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // It was only read.
	var all []sample
	lines := bufio.NewScanner(f)
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatalf("%s: line %d: %v", name, len(all)+1, err)
		}
		all = append(all, s)
	}
	if err := lines.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%s: got %d samples, %v", name, len(all), err)
	}
	return all
}

func TestSampleRecords(t *testing.T) {
	names := map[string]bool{}
	looked := 0
	for _, s := range readSamples(t, "records.jsonl") {
		t.Run(s.ID, func(t *testing.T) {
			looked++
			var expect map[string]any
			d := json.NewDecoder(bytes.NewReader(s.Expect))
			if d.UseNumber(); d.Decode(&expect) != nil {
				t.Fatalf("%s is no object", s.Expect)
			}
			var r Record
			if err := mustFormat(t, s.Format).Parse([]byte(s.Line), &r); err != nil {
				t.Fatalf("%q: got %v, want a record", s.Line, err)
			}
			got := valuesOf(t, &r)
			for name, want := range expect {
				names[name] = true
				if got := asJSON(got[name]); got != want {
					t.Errorf("%s: got %v, want %v", name, got, want)
				}
			}
			if n := len(strings.Fields(s.Format)); len(expect) != n {
				t.Errorf("compared %d values of %d columns", len(expect), n)
			}
		})
	}
	if looked < 60 || len(names) < 50 {
		t.Errorf("looked at %d records, %d fields; want at least 60 and 50", looked, len(names))
	}
}

// asJSON is a value as the samples write it: as AWS does, numbers as numbers, absent ones as null.
func asJSON(v any) any {
	switch v := v.(type) {
	case uint64:
		data, _ := json.Marshal(v)
		return json.Number(data)
	case Addr:
		return v.String()
	case Action, LogStatus:
		return strings.ToUpper(v.(interface{ String() string }).String())
	case FlowDirection:
		return v.String()
	}
	return v
}

func TestSampleMalformedLines(t *testing.T) {
	looked, reasons := 0, map[string]bool{}
	for _, s := range readSamples(t, "malformed.jsonl") {
		t.Run(s.ID, func(t *testing.T) {
			looked++
			var expect struct{ Result, Reason string }
			if err := json.Unmarshal(s.Expect, &expect); err != nil {
				t.Fatal(err)
			}
			got := scanAll(t, NewScanner(strings.NewReader(s.Format+"\n"+s.Line+"\n"), ScannerConfig{}))
			reasons[expect.Reason] = true
			switch {
			case got.err != nil:
				t.Errorf("%q failed its object: %v", s.Line, got.err)
			case expect.Result == "skipped" || expect.Result == "header":
				if len(got.records) != 0 {
					t.Errorf("%q: got %q, want no record", s.Line, got.records)
				}
			case len(got.records) != 1:
				t.Errorf("%q: got %q, want one line", s.Line, got.records)
			case expect.Result == "malformed" && got.records[0] != expect.Reason:
				t.Errorf("%q: got %q, want %s", s.Line, got.records[0], expect.Reason)
			case expect.Result == "record" && !strings.Contains(got.records[0], "="):
				t.Errorf("%q: got %q, want a record", s.Line, got.records[0])
			}
		})
	}
	if looked < 13 || len(reasons) < 7 {
		t.Errorf("looked at %d lines, %d reasons; want at least 13 and 7", looked, len(reasons))
	}
}

func TestSampleFormats(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(samplesDir(t), "formats.json"))
	if err != nil {
		t.Fatal(err)
	}
	var formats map[string]string
	if err := json.Unmarshal(data, &formats); err != nil {
		t.Fatal(err)
	}
	for name, header := range formats {
		if f := mustFormat(t, header); f.Unknown() != 0 || f.Columns() != len(strings.Fields(header)) {
			t.Errorf("%s: got %d columns, %d of them unknown, want all of %q", name, f.Columns(), f.Unknown(), header)
		}
	}
	if len(formats) < 20 {
		t.Errorf("looked at %d formats, want at least 20", len(formats))
	}
}

// What a gzip reader hands over, whole or not: the text of a whole object gives all of its records, a broken one an error.
func TestSampleObjects(t *testing.T) {
	tests := []struct {
		object  string
		records int
		whole   bool
	}{
		{"V2.log.gz", 21, true}, {"V2_crlf.log.gz", 21, true}, {"V2_multimember.log.gz", 21, true}, {"V2_multimember_header_twice.log.gz", 21, true},
		{"V2_no_final_newline.log.gz", 21, true}, {"V2_header_only.log.gz", 0, true}, {"empty_payload.log.gz", 0, true},
		{"V2_bad_crc.log.gz", 0, false}, {"V2_truncated.log.gz", 0, false}, {"V2_trailing_garbage.log.gz", 0, false},
	}
	for _, test := range tests {
		t.Run(test.object, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(samplesDir(t), "broken", test.object))
			if err != nil {
				t.Fatal(err)
			}
			in, err := gzip.NewReader(io.Reader(bytes.NewReader(data)))
			if err != nil {
				t.Fatal(err)
			}
			got := scanAll(t, NewScanner(in, ScannerConfig{}))
			if whole := got.err == nil; whole != test.whole || whole && len(got.records) != test.records {
				t.Errorf("got %d records, %v; want %d, whole: %v", len(got.records), got.err, test.records, test.whole)
			}
			for _, r := range got.records {
				if !strings.Contains(r, "=") {
					t.Errorf("got the malformed line %q, want none", r)
				}
			}
		})
	}
}
