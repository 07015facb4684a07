package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestSearchOfEveryFormat holds both forms of the output against files that were written by a program that shares no line with flowd.
func TestSearchOfEveryFormat(t *testing.T) {
	logs, err := filepath.Glob("testdata/search/*.log")
	if err != nil || len(logs) < 21 {
		t.Fatalf("got %d files, %v, want one for each of 21 formats", len(logs), err)
	}
	for _, log := range logs {
		for _, form := range []string{"json", "table"} {
			want, err := os.ReadFile(strings.TrimSuffix(log, "log") + form)
			if err != nil {
				t.Fatal(err)
			}
			if stdout, stderr, code := onFiles(t, "search", "--output="+form, log); code != exitOK || stdout != string(want) {
				t.Errorf("%s: got %d, %s and\n%s\nwant\n%s", log, code, stderr, stdout, want)
			}
		}
	}
}

// TestEverySampleFormatHasAnExpectedOutput keeps the files of the project complete.
func TestEverySampleFormatHasAnExpectedOutput(t *testing.T) {
	for name, format := range sampleFormats(t) {
		text, err := os.ReadFile("testdata/search/" + name + ".log")
		if header, _, _ := strings.Cut(string(text), "\n"); err != nil || header != format {
			t.Errorf("format %s: got a file with the header %q (%v), want %q", name, header, err, format)
		}
	}
}

// TestSearchOfTheSampleRecords finds each record of the samples with the values that they list, and nothing else.
func TestSearchOfTheSampleRecords(t *testing.T) {
	texts, expected := map[string]string{}, map[string][]map[string]any{}
	for _, s := range sampleRecords(t) {
		if texts[s.Name] == "" {
			texts[s.Name] = s.Format + "\n"
		}
		texts[s.Name] += s.Line + "\n"
		maps.DeleteFunc(s.Expect, func(_ string, value any) bool { return value == nil })
		expected[s.Name] = append(expected[s.Name], s.Expect)
	}
	files := map[string]string{}
	for name, text := range texts {
		files[name+".log"] = text
	}
	folderOf(t, files)
	seen := 0
	for name, want := range expected {
		seen += len(want)
		compareRecords(t, name, want, searched(t, "--output=json", name+".log"))
		if table := searched(t, name+".log"); len(table) != len(want)+1 {
			t.Errorf("%s: got %d lines of a table, want a heading and %d", name, len(table), len(want))
		}
	}
	if seen < 60 || len(expected) < 12 {
		t.Errorf("looked at %d records in %d formats, want at least 60 and 12", seen, len(expected))
	}
}

type sampleRecord struct {
	Name   string `json:"format_name"`
	Format string
	Line   string
	Expect map[string]any
}

func sampleRecords(t *testing.T) (all []sampleRecord) {
	t.Helper()
	f, err := os.Open(filepath.Join(samplesDir(t), "records.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		var s sampleRecord
		d := json.NewDecoder(strings.NewReader(lines.Text()))
		if d.UseNumber(); d.Decode(&s) != nil {
			t.Fatalf("%s is no sample", lines.Text())
		}
		all = append(all, s)
	}
	return all
}

// compareRecords holds lines of JSON against records, in their order.
func compareRecords(t *testing.T, what string, want []map[string]any, lines []string) {
	t.Helper()
	if len(lines) != len(want) {
		t.Fatalf("%s: got %d records, want %d", what, len(lines), len(want))
	}
	for i, line := range lines {
		var got map[string]any
		d := json.NewDecoder(strings.NewReader(line))
		if d.UseNumber(); d.Decode(&got) != nil || !reflect.DeepEqual(got, want[i]) {
			t.Errorf("%s, record %d: got\n%s\nwant\n%v", what, i+1, line, want[i])
		}
	}
}

// TestSearchOfEverySamplesFolder finds what the slow implementation finds in the files that can be read.
func TestSearchOfEverySamplesFolder(t *testing.T) {
	t.Chdir(samplesDir(t))
	var want []map[string]any
	args, rejected := []string{}, 0
	for _, f := range slowFiles(t, ".", sampleFields(t)) {
		if f.err != nil {
			continue
		}
		args = append(args, f.name)
		for _, r := range f.records {
			want = append(want, r.typed())
			if r["action"] == "REJECT" {
				rejected++
			}
		}
	}
	if len(args) < 18 || len(want) < 100 || rejected < 10 {
		t.Fatalf("got %d files, %d records, %d of them rejected: too few to say anything", len(args), len(want), rejected)
	}
	compareRecords(t, "all", want, searched(t, append(args, "--output=json")...))
	if got := searched(t, append(args, "--count", "--action=reject")...); !slices.Equal(got, []string{strconv.Itoa(rejected)}) {
		t.Errorf("rejected records: got %v, want %d", got, rejected)
	}
	stdout, stderr, code := onFiles(t, "search", "--output=json", "broken")
	for _, name := range []string{"V2_bad_crc", "V2_trailing_garbage", "V2_truncated"} {
		if text := fmt.Sprintf("flowd: broken/%s.log.gz: reading the file: corrupt gzip data", name); strings.Count(stderr, text) != 1 {
			t.Errorf("stderr does not name %s once:\n%s", name, stderr)
		}
	}
	if code != exitFailure || strings.Count(stdout, "\n") < 126 {
		t.Errorf("broken: got %d and %d records, want 1 and at least those of the good files", code, strings.Count(stdout, "\n"))
	}
}

// typed are the values as JSON has them.
func (r slowRecord) typed() map[string]any {
	numbers := strings.Fields("version srcport dstport protocol packets bytes start end tcp-flags traffic-path encryption-status " +
		"packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired")
	typed := map[string]any{}
	for field, value := range r {
		typed[field] = value
		if slices.Contains(numbers, field) {
			typed[field] = json.Number(value)
		}
	}
	return typed
}
