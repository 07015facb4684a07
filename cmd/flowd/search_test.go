package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"flowd/pkg/parser"
)

// searched runs a search that must go well, and returns the lines that it prints.
func searched(t testing.TB, args ...string) []string {
	t.Helper()
	stdout, stderr, code := onFiles(t, append([]string{"search"}, args...)...)
	if code != exitOK {
		t.Fatalf("%q: got %d, %s", args, code, stderr)
	}
	return strings.FieldsFunc(stdout, func(c rune) bool { return c == '\n' })
}

// TestSearchJSON: numbers are numbers, words are those of AWS, what the record does not have is not there.
func TestSearchJSON(t *testing.T) {
	folderOf(t, map[string]string{"a.log": "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status " +
		"vpc-id tcp-flags type pkt-srcaddr flow-direction traffic-path some-future-field instance-tag tgw-id packets-lost-blackhole\n" +
		"11 012345678901 eni-0a 2001:DB8::1 10.0.0.2 0 443 6 18446744073709551615 0 1767225600 1767225660 REJECT OK " +
		"vpc-0b 18 IPv6 10.0.0.9 egress 8 what \"a\\b<ü tgw-1 4\n" +
		"2 012345678901 - - - - - - - - 1767225600000 1767225660000 - SKIPDATA - - - - - - - - - -\n"})
	want := []string{
		`{"version":11,"account-id":"012345678901","interface-id":"eni-0a","srcaddr":"2001:db8::1","dstaddr":"10.0.0.2","srcport":0,"dstport":443,"protocol":6,` +
			`"packets":18446744073709551615,"bytes":0,"start":1767225600,"end":1767225660,"action":"REJECT","log-status":"OK","vpc-id":"vpc-0b","tcp-flags":18,` +
			`"type":"IPv6","pkt-srcaddr":"10.0.0.9","flow-direction":"egress","traffic-path":8,"instance-tag":"\"a\\b\u003cü","tgw-id":"tgw-1","packets-lost-blackhole":4}`,
		`{"version":2,"account-id":"012345678901","start":1767225600000,"end":1767225660000,"log-status":"SKIPDATA"}`,
	}
	got := searched(t, "--output=json", "a.log")
	if len(got) != len(want) {
		t.Fatalf("got %q, want %d records", got, len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got\n%s\nwant\n%s", got[i], want[i])
		}
	}
}

func TestSearchTable(t *testing.T) {
	folderOf(t, map[string]string{
		"a.log": "interface-id srcaddr srcport dstaddr dstport protocol packets bytes start action\neni-\x1b[31m 10.0.0.1 1 10.0.0.2 22 6 1 40 1767225600 REJECT\n",
		"b.log": "srcaddr bytes\n2001:db8:1111:2222:3333:4444:5555:6666 7\n",
	})
	got := strings.Join(searched(t, "--workers=1", "a.log", "b.log"), "\n")
	const want = `START                 INTERFACE  SRCADDR   SRCPORT  DSTADDR   DSTPORT  PROTOCOL  PACKETS  BYTES  ACTION  STATUS
2026-01-01T00:00:00Z  eni-?[31m  10.0.0.1  1        10.0.0.2  22       6         1        40     reject  ok
-                     -          2001:db8:1111:2222:3333:4444:5555:6666  -        -         -        -         -        7      -       ok`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// manyRecords is n files of so many records each, which are numbered through by their bytes.
func manyRecords(n, records int) map[string]string {
	files := map[string]string{}
	for i := range n {
		var text strings.Builder
		text.WriteString("bytes srcaddr instance-tag action\n")
		for j := range records {
			fmt.Fprintf(&text, "%d 10.0.0.%d %s ACCEPT\n", i*records+j, j%3, strings.Repeat("x", 50))
		}
		files[fmt.Sprintf("%02d.log", i)] = text.String()
	}
	return files
}

// TestSearchKeepsTheOrder with more matches in each file than a worker holds back.
func TestSearchKeepsTheOrder(t *testing.T) {
	const files, records = 6, 3000
	folderOf(t, manyRecords(files, records))
	for _, form := range []string{"json", "table"} {
		want := searched(t, "--workers=1", "--output="+form, ".")
		if lines := files * records; len(want) != lines+map[string]int{"table": 1}[form] || len(strings.Join(want[:records], "\n")) < searchChunk {
			t.Fatalf("%s: got %d lines, want %d, and more than a chunk of them for each file", form, len(want), lines)
		}
		for _, workers := range []string{"2", "20"} {
			got := searched(t, "--workers="+workers, "--output="+form, ".")
			if len(got) != len(want) {
				t.Fatalf("%s, %s workers: got %d lines, want %d", form, workers, len(got), len(want))
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("%s, %s workers, line %d: got %s, want %s", form, workers, i, got[i], want[i])
				}
			}
		}
	}
}

func TestSearchLimit(t *testing.T) {
	const files, records = 4, 3000
	folderOf(t, manyRecords(files, records))
	all := searched(t, "--output=json", "--addr=10.0.0.1", ".")
	for _, workers := range []string{"--workers=1", "--workers=4"} {
		for _, limit := range []int{1, 1000, 1001, len(all), len(all) + 1} {
			flag, want := fmt.Sprintf("--limit=%d", limit), min(limit, len(all))
			if got := searched(t, workers, "--output=json", "--addr=10.0.0.1", flag, "."); len(got) != want || got[want-1] != all[want-1] {
				t.Errorf("%s %s: got %d records, the last %s; want %d, the last %s", workers, flag, len(got), got[len(got)-1], want, all[want-1])
			}
			if got := searched(t, workers, "--count", "--addr=10.0.0.1", flag, "."); len(got) != 1 || got[0] != fmt.Sprint(want) {
				t.Errorf("%s %s --count: got %q, want %d", workers, flag, got, want)
			}
		}
	}
	// The limit is reached in the middle of the second file, when the worker prints what it held back.
	if _, stderr, code := onFiles(t, "search", "--workers=1", "--output=json", fmt.Sprintf("--limit=%d", records+500), "."); code != exitOK ||
		!strings.Contains(stderr, fmt.Sprintf("Records found: %d. Files searched: 2;", records+500)) {
		t.Errorf("got %d and %q, want the records of one file and a part of another", code, stderr)
	}
	if got := searched(t, "--count", "--output=json", "."); len(got) != 1 || got[0] != fmt.Sprintf(`{"count":%d}`, files*records) {
		t.Errorf("got %q, want the number of all records", got)
	}
}

// TestSearchStopsReadingAtTheLimit: the broken end of the first file, and the second file, are not looked at.
func TestSearchStopsReadingAtTheLimit(t *testing.T) {
	whole := zipped(t, manyFlows(1, 1000))
	folderOf(t, map[string]string{"a.log.gz": whole[:len(whole)-8], "b.log": "no flow log"})
	if got := searched(t, "--workers=1", "--output=json", "--limit=5", "."); len(got) != 5 {
		t.Errorf("got %q, want 5 records and no error", got)
	}
}

func TestSearchOfBrokenFiles(t *testing.T) {
	whole := zipped(t, manyFlows(1, 20_000))
	folderOf(t, map[string]string{"a-cut.log.gz": whole[:len(whole)/2], "b.log": rejected, "c.log": "no flow log"})
	stdout, stderr, code := onFiles(t, "search", "--output=json", "--action=reject", ".", "none")
	records := strings.Count(stdout, "\n")
	if code != exitFailure || records < 1000 || !strings.HasSuffix(stdout, `"dstaddr":"10.0.0.2","dstport":22,"protocol":6,"packets":1,"bytes":40,"action":"REJECT"}`+"\n") {
		t.Errorf("got %d and %d records, want 1, and those before the break, and those of the good file", code, records)
	}
	for _, want := range []string{
		"flowd: a-cut.log.gz: reading the file: corrupt gzip data", "flowd: c.log: reading the header", "flowd: none: looking for the file",
		fmt.Sprintf("Records found: %d. Files searched: 3; skipped because they were delivered outside of the time range: 0. Malformed lines: 1.\n", records),
	} {
		if strings.Count(stderr, want) != 1 {
			t.Errorf("stderr has no, or more than one, %q:\n%s", want, stderr)
		}
	}
	if strings.Count(stderr, "\n") != 4 {
		t.Errorf("stderr: got\n%s\nwant three errors and the summary", stderr)
	}
}

func TestSearchSkipsByTheNameOfTheFile(t *testing.T) {
	const name = "123456789012_vpcflowlogs_eu-west-1_fl-0a_2026%02d%02dT%02d00Z_0a1b2c3d.log"
	record := func(end time.Time) string {
		return fmt.Sprintf("start end bytes\n%d %d 1\n", end.Unix()-60, end.Unix())
	}
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	files := map[string]string{"other-name.log": record(noon)}
	for _, hour := range []int{0, 9, 10, 11, 12, 13, 23} {
		files[fmt.Sprintf(name, 1, 31, hour)] = record(noon)
	}
	files[fmt.Sprintf(name, 2, 1, 12)] = record(noon)      // Delivered a day later.
	files[fmt.Sprintf(name, 2, 1, 14)] = "not a flow log"  // Too late: it must not be opened.
	files[fmt.Sprintf(name, 1, 30, 23)] = "not a flow log" // Too early.
	folderOf(t, files)
	stdout, stderr, code := onFiles(t, "search", "--count", "--from=2026-01-31T11:30:00Z", "--to=2026-01-31T13:00:00Z", ".")
	if code != exitOK || stdout != "6\n" || !strings.Contains(stderr, "Files searched: 6; skipped because they were delivered outside of the time range: 5.") {
		t.Errorf("got %d, %q, %q, want 6 records of 6 files, and 5 files skipped", code, stdout, stderr)
	}
}

func TestObjectsCostNoAllocation(t *testing.T) {
	f, err := parser.ParseFormat(defaultLogFormat)
	if err != nil {
		t.Fatal(err)
	}
	var r parser.Record
	if err := f.Parse([]byte("2 123456789012 eni-0a 10.0.0.1 2001:db8::1 40001 443 6 10 1000 1767225600 1767225660 ACCEPT OK"), &r); err != nil {
		t.Fatal(err)
	}
	w := newSearchWriter(output{"json"}, false)
	w.add(&r)
	length := len(w.text)
	if n := testing.AllocsPerRun(100, func() { w.begin(); w.add(&r) }); n != 0 || length < 200 || len(w.text) != length {
		t.Errorf("got %v allocations for %q, want none", n, w.text)
	}
}

func TestNothingFoundIsNoError(t *testing.T) {
	folderOf(t, map[string]string{"a.log": accepted})
	stdout, stderr, code := onFiles(t, "search", "--addr=192.0.2.1", "a.log")
	if code != exitOK || stdout != "" || !strings.HasPrefix(stderr, "Records found: 0. Files searched: 1;") {
		t.Errorf("got %d, %q, %q, want 0, no heading, and a summary", code, stdout, stderr)
	}
}

func TestSearchSaysThatItCannotWrite(t *testing.T) {
	folderOf(t, map[string]string{"a.log": accepted})
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("there is no full device here: %v", err)
	}
	defer full.Close()
	for _, args := range [][]string{{"search", "a.log"}, {"search", "--count", "a.log"}, {"analyze", "a.log"}, {"analyze", "--output=json", "a.log"}} {
		if err := run(t.Context(), args, full, t.Output()); err == nil || !strings.Contains(err.Error(), "writing the result") {
			t.Errorf("%q: got %v, want an error about writing", args, err)
		}
	}
}
