package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// onFiles runs a command on files as the program does, with what it exits with.
func onFiles(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = exitCode(run(t.Context(), args, &out, &errs), &errs)
	return out.String(), errs.String(), code
}

// folderOf writes files, and makes their folder the current one, so that results name them by short paths.
func folderOf(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// zipped compresses each text into a gzip member of its own.
func zipped(t testing.TB, texts ...string) string {
	t.Helper()
	var out bytes.Buffer
	for _, text := range texts {
		z := gzip.NewWriter(&out)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// accepted and rejected are files of three records and of two.
const (
	accepted = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n" +
		"2 123456789012 eni-0a 10.0.0.1 10.0.0.2 40001 443 6 10 1000 1767225600 1767225660 ACCEPT OK\n" +
		"2 123456789012 eni-0a 10.0.0.2 10.0.0.1 443 40001 6 8 9000 1767225600 1767225660 ACCEPT OK\n" +
		"2 123456789012 eni-0a - - - - - - - 1767225600 1767225660 - NODATA\n"
	rejected = "srcaddr dstaddr dstport protocol bytes packets action\n" +
		"203.0.113.5 10.0.0.1 22 6 40 1 REJECT\n" +
		"203.0.113.5 10.0.0.1 twenty-two 6 40 1 REJECT\n" +
		"203.0.113.5 10.0.0.2 22 6 40 1 REJECT\n"
)

// TestAnalyzeJSON is the interface for other programs, to the byte.
func TestAnalyzeJSON(t *testing.T) {
	whole := zipped(t, accepted)
	folderOf(t, map[string]string{
		"logs/a.log.gz": whole, "logs/b/multi.log.gz": zipped(t, rejected, accepted), "logs/b/plain.gz": rejected, "logs/zero.log": "",
		"logs/c-cut.log.gz": whole[:len(whole)-5], "logs/d.log.parquet": "PAR1 and so on PAR1", "logs/e-notes.txt": "not a flow log",
		"logs/.hidden.log": "not a flow log", "logs/golden.json": "{}",
	})
	want := fmt.Sprintf(`{"files":7,"bytes":%d,"records":10,"log_status":{"ok":8,"nodata":2,"skipdata":0},"malformed":{"bad_number":2},`+
		`"actions":{"accept":{"records":4,"packets":36,"bytes":20000},"reject":{"records":4,"packets":4,"bytes":160},"unknown":{"records":0,"packets":0,"bytes":0}},`+
		`"top":{"source_bytes":[{"srcaddr":"10.0.0.2","bytes":18000,"error":0},{"srcaddr":"10.0.0.1","bytes":2000,"error":0}],`+
		`"destination_bytes":[{"dstaddr":"10.0.0.1","bytes":18080,"error":0},{"dstaddr":"10.0.0.2","bytes":2080,"error":0}],`+
		`"pair_bytes":[{"srcaddr":"10.0.0.2","dstaddr":"10.0.0.1","bytes":18000,"error":0},{"srcaddr":"10.0.0.1","dstaddr":"10.0.0.2","bytes":2000,"error":0}],`+
		`"rejected_source_records":[{"srcaddr":"203.0.113.5","records":4,"error":0}],"rejected_port_records":[{"protocol":"tcp","dstport":22,"records":4,"error":0}]},`+
		`"errors":[{"file":"none","error":"looking for the file: no such file or directory"},`+
		`{"file":"logs/c-cut.log.gz","error":"reading the file: corrupt gzip data: unexpected EOF"},`+
		`{"file":"logs/d.log.parquet","error":"it is Parquet, which is not supported; create the flow log with plain text files"},`+
		`{"file":"logs/e-notes.txt","error":"`, 2*len(accepted)+2*len(rejected))
	stdout, stderr, code := onFiles(t, "analyze", "--output=json", "--top=2", "none", "logs")
	if !strings.HasPrefix(stdout, want) || code != exitFailure {
		t.Errorf("got %d and\n%s\nwant 1 and\n%s", code, stdout, want)
	}
	var report map[string]any
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || len(report) != 8 || strings.Count(stdout, "\n") != 1 {
		t.Errorf("got %d members (%v), want 8 on one line", len(report), err)
	}
	if want := "4 of the inputs could not be read"; !strings.Contains(stderr, want) {
		t.Errorf("stderr: got %q, want %q", stderr, want)
	}
}

func TestAnalyzeOneCleanFile(t *testing.T) {
	folderOf(t, map[string]string{"a.log": accepted})
	stdout, stderr, code := onFiles(t, "analyze", "--output=json", "a.log")
	if code != exitOK || stderr != "" || !strings.Contains(stdout, `"malformed":{}`) || !strings.HasSuffix(stdout, `"errors":[]}`+"\n") {
		t.Errorf("got %d, %q, and\n%s\nwant 0, nothing on stderr, no malformed line and no error", code, stderr, stdout)
	}
}

func TestAnalyzeTable(t *testing.T) {
	folderOf(t, map[string]string{"a.log": accepted, "b.log": rejected, "c.log": "x"})
	stdout, _, code := onFiles(t, "analyze", ".")
	for _, want := range []string{
		"Files      3  ", "Records    5  4 ok, 1 nodata, 0 skipdata", "Malformed  1  bad_number 1", "accept   2        18       10000  10.0 kB",
		"10.0.0.2     9000   0\n", "203.0.113.5 → 10.0.0.1  40     0\n", "22/tcp         2        0\n", "c.log        reading the header: ",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("got no %q in\n%s", want, stdout)
		}
	}
	if code != exitFailure {
		t.Errorf("got exit code %d, want 1 for the broken file", code)
	}
}

func TestAnalyzeWithoutHeader(t *testing.T) {
	_, body, _ := strings.Cut(accepted, "\n")
	folderOf(t, map[string]string{"bare.log": body, "custom.log": "40 10.9.9.9 7\n", "headed.log": accepted})
	for args, want := range map[string]string{
		"--format=default bare.log":                            `"records":3,`,
		"--format=${bytes}\t${srcaddr}\t${packets} custom.log": `"source_bytes":[{"srcaddr":"10.9.9.9","bytes":40,"error":0}]`,
		"--format=default headed.log":                          `"malformed":{}`,
	} {
		fields := strings.Split(args, " ")
		fields[0] = strings.ReplaceAll(fields[0], "\t", " ")
		if stdout, stderr, code := onFiles(t, append([]string{"analyze", "--output=json"}, fields...)...); code != exitOK || !strings.Contains(stdout, want) {
			t.Errorf("%q: got %d, %s%s, want %s", fields, code, stdout, stderr, want)
		}
	}
	if stdout, _, code := onFiles(t, "analyze", "--output=json", "bare.log"); code != exitFailure || !strings.Contains(stdout, `"bytes":0,"records":0`) {
		t.Errorf("without a format: got %d and %s, want 1 and nothing counted", code, stdout)
	}
}

func TestUsageOfCommandsOnFiles(t *testing.T) {
	folderOf(t, map[string]string{"a.log": accepted})
	for args, want := range map[string]string{
		"analyze":                         "expected",
		"analyze --top=0 a.log":           "top must be at least 1",
		"analyze --workers=-1 a.log":      "workers must be at least 1",
		"analyze --format=nonsense a.log": "format: not a flow log header",
		"analyze - a.log -":               "standard input can be read only once",
		"analyze s3://bucket/prefix":      "copy the files first",
		"search":                          "expected",
		"search --addr=10.0.0.0/33 a.log": "neither an address nor a prefix",
		"search --src=host a.log":         "neither an address nor a prefix",
		"search --protocol=256 a.log":     "neither the name of a protocol",
		"search --port=70000 a.log":       "--port",
		"search --action=allow a.log":     "accept, reject or unknown",
		"search --log-status=good a.log":  "ok, nodata or skipdata",
		"search --from=yesterday a.log":   "from: \"yesterday\" is neither",
		"search --from=1h --to=2h a.log":  "nothing can match",
		"search --limit=-1 a.log":         "--limit",
		"search --format=${none} a.log":   "format: ",
	} {
		stdout, stderr, code := onFiles(t, strings.Fields(args)...)
		if code != exitUsage || !strings.Contains(stderr, want) || stdout != "" {
			t.Errorf("%s: got %d, %q and stdout %q, want 2 and %q", args, code, stderr, stdout, want)
		}
	}
}

func TestMistakesAreToldTogetherAndWithTheirOrigin(t *testing.T) {
	folderOf(t, map[string]string{"a.log": accepted})
	t.Setenv("FLOWD_FROM", "soon")
	_, stderr, code := onFiles(t, "search", "--workers=-1", "--format=what", "a.log")
	for _, want := range []string{"workers must be at least 1", "format: not a flow log header", `from: "soon" is neither`, "(set by environment variable FLOWD_FROM)"} {
		if code != exitUsage || strings.Count(stderr, want) != 1 {
			t.Errorf("got %d and %q, want 2 and %q", code, stderr, want)
		}
	}
}

func TestInterruptedAnalysisShowsNothing(t *testing.T) {
	folderOf(t, map[string]string{"a.log": accepted})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, command := range []string{"analyze", "search"} {
		var out, errs bytes.Buffer
		if code := exitCode(run(ctx, []string{command, "a.log"}, &out, &errs), &errs); code != exitFailure || out.Len() > 0 || !strings.Contains(errs.String(), "interrupted") {
			t.Errorf("%s: got %d, %q and %q, want 1 and nothing but that it was interrupted", command, code, out.String(), errs.String())
		}
	}
}

// manyFlows is a file in which nearly every record has addresses of its own.
func manyFlows(seed, records int) string {
	var text strings.Builder
	text.WriteString("srcaddr dstaddr dstport protocol packets bytes action\n")
	for i := range records {
		n := uint32(i*2654435761 + seed*40503)
		fmt.Fprintf(&text, "10.%d.%d.%d 172.16.%d.%d %d 6 1 %d %s\n", n>>8%64, n>>16%256, n>>24, n>>4%256, n%16, n%65536, 40+n%1400, [...]string{"ACCEPT", "REJECT"}[n>>5%2])
	}
	return text.String()
}

// TestAnalysisDoesNotDependOnWorkers, although the rankings overflow, and although long and short files take turns.
func TestAnalysisDoesNotDependOnWorkers(t *testing.T) {
	files := map[string]string{}
	for i := range 6 {
		files[fmt.Sprintf("%d.log.gz", i)] = zipped(t, manyFlows(i, 1000+i%2*9000))
	}
	folderOf(t, files)
	want, _, _ := onFiles(t, "analyze", "--output=json", "--workers=1", ".")
	if !strings.Contains(want, `"files":6,`) || strings.Count(want, `"error":0`) == strings.Count(want, `"error":`) {
		t.Fatalf("got %s, want 6 files, and more keys than the rankings follow", want)
	}
	for _, workers := range []int{3, 9} {
		if got, _, _ := onFiles(t, "analyze", "--output=json", fmt.Sprintf("--workers=%d", workers), "."); got != want {
			t.Errorf("%d workers: got\n%s\nwant\n%s", workers, got, want)
		}
	}
}

// TestMemoryDoesNotGrowWithTheInput: neither with the size of a file nor with the number of files.
func TestMemoryDoesNotGrowWithTheInput(t *testing.T) {
	files := map[string]string{}
	for i := range 2 {
		files[fmt.Sprintf("small/%d.log", i)], files[fmt.Sprintf("large/%d.log", i)] = manyFlows(i, 5_000), manyFlows(i, 50_000)
	}
	for i := range 200 {
		files[fmt.Sprintf("many/%d.log", i)] = manyFlows(i, 100)
	}
	folderOf(t, files)
	quiet := streams{io.Discard, io.Discard}
	for what, run := range map[string]func(archiveInput) error{
		"analyze": func(i archiveInput) error {
			return (&analyzeCommand{i, 20, output{"json"}}).Run(t.Context(), new(commandLine), quiet)
		},
		"search": func(i archiveInput) error {
			return (&searchCommand{archiveInput: i, output: output{"json"}}).Run(t.Context(), new(commandLine), quiet)
		},
		"search, counting": func(i archiveInput) error {
			return (&searchCommand{archiveInput: i, Count: true}).Run(t.Context(), new(commandLine), quiet)
		},
	} {
		allocated := func(dir string) uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := run(archiveInput{Input: []string{dir}, Workers: 1}); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		small, large, many := allocated("small"), allocated("large"), allocated("many")
		const tolerance = 1 << 20 // The large input has 4 MB more text.
		if large > small+tolerance || many > small+tolerance {
			t.Errorf("%s: allocated %d bytes for 10,000 records, %d for 100,000, %d for 200 files", what, small, large, many)
		}
	}
}

// TestEveryInflaterGivesTheSame has the flag on both commands that read files.
func TestEveryInflaterGivesTheSame(t *testing.T) {
	folderOf(t, map[string]string{"a.log.gz": zipped(t, accepted, rejected), "b.log.gz": zipped(t, zipped(t, rejected)), "c.log": accepted})
	for _, command := range []string{"analyze", "search"} {
		want, _, code := onFiles(t, command, "--output=json", ".")
		if code != exitOK || want == "" {
			t.Fatalf("%s: got %d and %q", command, code, want)
		}
		for _, engine := range []string{"fast", "klauspost"} {
			if got, stderr, code := onFiles(t, command, "--ingest.inflate="+engine, "--output=json", "."); code != exitOK || got != want {
				t.Errorf("%s with %s: got %d, %s, %s, want %s", command, engine, code, got, stderr, want)
			}
		}
		if _, stderr, code := onFiles(t, command, "--ingest.inflate=slow", "."); code != exitUsage || !strings.Contains(stderr, "ingest.inflate") {
			t.Errorf("%s with an engine that does not exist: got %d, %s", command, code, stderr)
		}
	}
}
