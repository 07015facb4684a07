package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// flowd runs the program in this process.
func flowd(ctx context.Context, args ...string) (stdout string, err error) {
	var out, logs bytes.Buffer
	err = run(ctx, args, &out, &logs)
	return out.String(), err
}

// wantUsage wants a mistake of the command line that is told in these words.
func wantUsage(t *testing.T, want string, args ...string) {
	t.Helper()
	_, err := flowd(t.Context(), args...)
	var usage usageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
		t.Errorf("%q: got %v, want a usage error with %q", args, err, want)
	}
}

// readTree returns every file below a directory by its path.
func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func generate(t *testing.T, args ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "new", "logs")
	if _, err := flowd(t.Context(), append([]string{"generate", "--dir", dir, "--records=200"}, args...)...); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestGenerateWritesTheSameBytesForTheSameFlags(t *testing.T) {
	first, second := readTree(t, generate(t, "--objects=12")), readTree(t, generate(t, "--objects=12"))
	if len(first) != 13 || len(second) != 13 {
		t.Fatalf("got %d and %d files, want 12 flow log files and the golden totals", len(first), len(second))
	}
	for name, body := range first {
		if second[name] != body {
			t.Errorf("%s: the bytes differ", name)
		}
	}
	for name, body := range readTree(t, generate(t, "--objects=12", "--seed=2")) {
		if first[name] == body {
			t.Errorf("%s is the same with another seed", name)
		}
	}
}

// TestGenerateLaysKeysOutLikeAWS holds the names against the pattern of the AWS documentation.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
func TestGenerateLaysKeysOutLikeAWS(t *testing.T) {
	files := readTree(t, generate(t, "--objects=3", "--account=987654321098", "--region=eu-west-1", "--start=2026-03-31T23:55:00Z"))
	delete(files, goldenName)
	for _, folder := range []string{"2026/03/31", "2026/04/01", "2026/04/01"} {
		stamp := strings.ReplaceAll(folder, "/", "")
		pattern := regexp.MustCompile("^AWSLogs/987654321098/vpcflowlogs/eu-west-1/" + folder + "/987654321098_vpcflowlogs_eu-west-1_fl-[0-9a-f]{17}_" + stamp + `T\d{4}Z_[0-9a-f]{8}\.log\.gz$`)
		found := ""
		for name := range files {
			if pattern.MatchString(name) {
				found = name
			}
		}
		if delete(files, found); found == "" {
			t.Errorf("no file matches %s", pattern)
		}
	}
	if len(files) != 0 {
		t.Errorf("%d more files than wanted: %v", len(files), files)
	}
}

func TestGenerateDoesNotOverwrite(t *testing.T) {
	dir := generate(t, "--objects=2")
	before := readTree(t, dir)
	again := []string{"generate", "--dir", dir, "--records=200", "--objects=2"}
	if _, err := flowd(t.Context(), again...); err == nil || !strings.Contains(err.Error(), "golden.json exists: choose another directory, or overwrite it with --force") {
		t.Errorf("got %v, want a refusal because of the golden totals", err)
	}
	if err := os.Remove(filepath.Join(dir, goldenName)); err != nil {
		t.Fatal(err)
	}
	if _, err := flowd(t.Context(), again...); err == nil || !strings.Contains(err.Error(), ".log.gz exists") {
		t.Errorf("got %v, want a refusal because of a flow log file", err)
	}
	if _, err := flowd(t.Context(), append(again, "--force")...); err != nil {
		t.Errorf("got %v with --force, want none", err)
	}
	after := readTree(t, dir)
	if len(after) != len(before) || after[goldenName] != before[goldenName] {
		t.Errorf("got %d files, want the %d that were there", len(after), len(before))
	}
}

func TestGenerateStaysInsideItsDirectory(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "AWSLogs")); err != nil {
		t.Fatal(err)
	}
	if _, err := flowd(t.Context(), "generate", "--dir", dir); err == nil {
		t.Error("got no error, want one for a link that leads outside")
	}
	if files := readTree(t, outside); len(files) != 0 {
		t.Errorf("got %d files outside, want none", len(files))
	}
}

func TestGenerateInterruptedHasNoGoldenTotals(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	_, err := flowd(ctx, "generate", "--dir", dir)
	if err == nil || !strings.Contains(err.Error(), "interrupted: 0 of 10 files are written") {
		t.Errorf("got %v, want that it was interrupted", err)
	}
	if files := readTree(t, dir); len(files) != 0 {
		t.Errorf("got %d files, want none", len(files))
	}
}

func TestGenerateWantsOneModeAndItsFlags(t *testing.T) {
	dir := t.TempDir()
	wantUsage(t, "dir is missing", "generate")
	wantUsage(t, "dir and --target are both set", "generate", "--dir", dir, "--target=http://127.0.0.1:1/")
	wantUsage(t, "rate has no meaning with --dir", "generate", "--dir", dir, "--rate=2")
	wantUsage(t, "seed has no meaning with --target", "generate", "--target=http://127.0.0.1:1/", "--seed=2")
	wantUsage(t, "v12", "generate", "--dir", dir, "--format=v12")
	wantUsage(t, "objects must be between 1 and 1000000, got 0", "generate", "--dir", dir, "--objects=0")
	wantUsage(t, "records must be between 1 and", "generate", "--dir", dir, "--records=-1")
	wantUsage(t, `account must have 12 digits, got "../x"`, "generate", "--dir", dir, "--account=../x")
	wantUsage(t, `region: "../.." is not a name`, "generate", "--dir", dir, "--region=../..")
	wantUsage(t, "interval must be positive", "generate", "--dir", dir, "--interval=0s")
	wantUsage(t, "spike-every must not be negative", "generate", "--dir", dir, "--spike-every=-1")
	wantUsage(t, "start", "generate", "--dir", dir, "--start=yesterday")
	t.Setenv("FLOWD_TARGET", "http://127.0.0.1:1/")
	wantUsage(t, "dir and --target are both set", "generate", "--dir", dir)
	if files := readTree(t, dir); len(files) != 0 {
		t.Errorf("got %d files after mistakes, want none", len(files))
	}
}

func TestGenerateShowsItsTotals(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	text, err := flowd(t.Context(), "generate", "--dir", dir, "--objects=1", "--records=300")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"files", "records", "accept", "reject", "malformed", "Golden totals: " + filepath.Join(dir, goldenName)} {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%s\nwant %q in it", text, want)
		}
	}
	asJSON, err := flowd(t.Context(), "generate", "--dir", dir, "--objects=1", "--records=300", "--force", "--output=json")
	if err != nil {
		t.Fatal(err)
	}
	var shown, stored any
	if err := json.Unmarshal([]byte(asJSON), &shown); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(readTree(t, dir)[goldenName]), &stored); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(shown)
	b, _ := json.Marshal(stored)
	if !bytes.Equal(a, b) {
		t.Errorf("got on stdout\n%s\nwant what is in golden.json\n%s", a, b)
	}
}

func TestLiveLineIsForTerminalsOnly(t *testing.T) {
	var out bytes.Buffer
	line := newLiveLine(&out)
	line.show("%d of %d", 1, 2)
	line.clear()
	if out.Len() != 0 {
		t.Errorf("got %q, want nothing: it is no terminal", out.String())
	}
	line.live = true
	line.show("a long line of progress")
	line.show("short")
	line.clear()
	for _, part := range strings.Split(out.String(), "\r")[1:4] {
		if len(part) != lineWidth {
			t.Errorf("got a line of %d bytes, want %d: what was there before must go", len(part), lineWidth)
		}
	}
}
