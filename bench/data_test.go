package main

import (
	"os"
	"path/filepath"
	"testing"
)

const golden = `{"bytes":100,"compressed_bytes":10,"records":5,"actions":{"accept":{"records":3},"reject":{"records":2}}}`

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDataIsReadWithItsTotals(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "golden.json"), golden)
	if _, err := load(versionTwo, dir); err == nil {
		t.Error("no files: got nil, want an error")
	}
	write(t, filepath.Join(dir, "a.log.gz"), "abc")
	d, err := load(versionTwo, dir)
	if err != nil || d.text != 100 || d.stored != 10 || d.records != 5 || d.accepts != 3 || d.rejects != 2 || len(d.files) != 1 {
		t.Fatalf("got %+v, %v", d, err)
	}
	joined, err := d.joined(dir, 3)
	if err != nil || joined.text != 300 || joined.records != 15 || joined.accepts != 9 || len(joined.files) != 1 || len(d.files) != 1 {
		t.Fatalf("three times: got %+v, %v", joined, err)
	}
	if content, _ := os.ReadFile(joined.files[0]); string(content) != "abcabcabc" {
		t.Errorf("got %q, want the file three times", content)
	}
	write(t, filepath.Join(dir, "golden.json"), `{"records":0}`)
	if _, err := load(versionTwo, dir); err == nil {
		t.Error("no records: got nil, want an error")
	}
}
