package main

import (
	"bytes"
	"encoding/json"
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

// sampleFields are the names of every field in the formats of the samples.
func sampleFields(t *testing.T) map[string]bool {
	t.Helper()
	fields := map[string]bool{}
	for _, format := range sampleFormats(t) {
		for _, field := range strings.Fields(format) {
			fields[field] = true
		}
	}
	if len(fields) < 70 {
		t.Fatalf("got %d fields, want at least 70", len(fields))
	}
	return fields
}

func sampleFormats(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(samplesDir(t), "formats.json"))
	if err != nil {
		t.Fatal(err)
	}
	var formats map[string]string
	if err := json.Unmarshal(data, &formats); err != nil || len(formats) < 20 {
		t.Fatalf("got %d formats, %v, want at least 20", len(formats), err)
	}
	return formats
}

// sampleErrors are what flowd must say of the broken files, by their names. They were written by hand.
func sampleErrors() map[string]string {
	const parquet = "it is Parquet, which is not supported; create the flow log with plain text files"
	return map[string]string{
		"V2_bad_crc.log.gz":          "reading the file: corrupt gzip data: the checksum is wrong",
		"V2_trailing_garbage.log.gz": "reading the file: corrupt gzip data: unexpected EOF",
		"V2_truncated.log.gz":        "reading the file: corrupt gzip data: in the middle of a block: unexpected EOF",
		"A29.log.parquet":            parquet, "SVC.log.parquet": parquet, "V2.log.parquet": parquet, "flows.parquet": parquet,
		"v2_records.log": `reading the header: not a flow log header: "2" in column 1 is not the name of a field; input without a header needs the format of its flow log from elsewhere`,
	}
}

// TestAnalyzeOfEverySamplesFolder holds golden files, written by a slow second implementation, against what the command prints. UPDATE_GOLDEN=1
// writes what the slow one says, never what the command does.
func TestAnalyzeOfEverySamplesFolder(t *testing.T) {
	samples := samplesDir(t)
	folders := []string{"."}
	entries, err := os.ReadDir(samples)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, e.Name())
		}
	}
	if len(folders) < 5 {
		t.Fatalf("got the folders %v, want at least 5", folders)
	}
	fields := sampleFields(t)
	golden, err := filepath.Abs("testdata/samples")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		t.Run(folder, func(t *testing.T) {
			t.Chdir(filepath.Join(samples, folder))
			expected, broken := slowAnalysis(t, slowFiles(t, ".", fields))
			stdout, _, code := onFiles(t, "analyze", "--output=json", ".")
			if want := min(broken, exitFailure); code != want {
				t.Errorf("got exit code %d, want %d with %d errors", code, want, broken)
			}
			name := filepath.Join(golden, "analyze-"+strings.ReplaceAll(folder, ".", "all")+".json")
			compareGolden(t, name, expected)
			compareJSON(t, name, stdout)
		})
	}
}

// compareGolden holds a golden file against what the slow implementation says.
func compareGolden(t *testing.T, name string, expected any) {
	t.Helper()
	text, err := json.MarshalIndent(expected, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		save(t, name, append(text, '\n'))
	}
	if want, err := os.ReadFile(name); err != nil || string(want) != string(text)+"\n" {
		t.Errorf("%s is not what the slow implementation says (%v):\n%s\nUPDATE_GOLDEN=1 writes that; look at the difference then", name, err, text)
	}
}

// compareJSON holds the output of a command against a golden file, whose layout is for people, in every byte: names, numbers and their order.
func compareJSON(t *testing.T, name, got string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, text); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if got != want.String()+"\n" {
		t.Errorf("got\n%s\nwant, by %s,\n%s", got, filepath.Base(name), want.String())
	}
}
