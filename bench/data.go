package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// dataset is generated flow logs with their golden totals. The same seed and size are the same bytes, which stay where they are from run to run.
type dataset struct {
	name    string
	files   []string
	text    int64 // Bytes.
	stored  int64 // Bytes of gzip.
	records int64
	accepts int64 // Records, as rejects.
	rejects int64
}

// counts are what whoever counts must print.
func (d dataset) counts() []string { return []string{word(d.accepts), word(d.rejects)} }

// shape is what to generate.
type shape struct {
	name      string
	format    string
	lineBytes int // About, of a record in this format.
	objects   int
}

const megabyte = 1_000_000

// generate makes what is not there yet. flowd writes the golden totals last, so where they are the rest is.
func generate(ctx context.Context, flowd, cache string, seed uint64, size int, s shape) (dataset, error) {
	dir := filepath.Join(cache, fmt.Sprintf("%s-%dx%dMB-seed%d", s.format, s.objects, size/s.objects, seed))
	if _, err := os.Stat(filepath.Join(dir, "golden.json")); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "generating %d MB of %s into %s\n", size, s.name, dir)
		cmd := exec.CommandContext(ctx, flowd, "generate", "--dir="+dir, "--seed="+strconv.FormatUint(seed, 10), "--format="+s.format, "--clean", "--spike-every=0",
			"--force", "--objects="+strconv.Itoa(s.objects), "--records="+strconv.Itoa(size*megabyte/s.objects/s.lineBytes))
		if out, err := cmd.CombinedOutput(); err != nil {
			return dataset{}, fmt.Errorf("generating %s: %w\n%s", dir, err, out)
		}
	}
	return load(s.name, dir)
}

func load(name, dir string) (dataset, error) {
	content, err := os.ReadFile(filepath.Join(dir, "golden.json"))
	if err != nil {
		return dataset{}, fmt.Errorf("reading golden totals: %w", err)
	}
	var golden struct {
		Bytes, Records  int64
		CompressedBytes int64 `json:"compressed_bytes"`
		Actions         map[string]struct{ Records int64 }
	}
	if err := json.Unmarshal(content, &golden); err != nil {
		return dataset{}, fmt.Errorf("reading golden totals of %s: %w", dir, err)
	}
	d := dataset{
		name: name, text: golden.Bytes, stored: golden.CompressedBytes, records: golden.Records,
		accepts: golden.Actions["accept"].Records, rejects: golden.Actions["reject"].Records,
	}
	d.files, err = gzipFiles(dir)
	if err == nil && (len(d.files) == 0 || d.records == 0) {
		err = fmt.Errorf("%s has %d files with %d records: remove it", dir, len(d.files), d.records)
	}
	return d, err
}

func gzipFiles(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".gz" {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// times is the same data n times: the files again, which everybody who reads them counts again.
func (d dataset) times(n int) dataset {
	one := d
	for range n - 1 {
		d.files = append(d.files[:len(d.files):len(d.files)], one.files...)
	}
	for _, total := range []*int64{&d.text, &d.stored, &d.records, &d.accepts, &d.rejects} {
		*total *= int64(n)
	}
	return d
}

// joined is the same data n times in one file, of as many gzip members.
func (d dataset) joined(dir string, n int) (dataset, error) {
	path := filepath.Join(dir, fmt.Sprintf("joined-%d.log.gz", n))
	out, err := os.Create(path)
	if err != nil {
		return dataset{}, err
	}
	defer out.Close()
	d = d.times(n)
	for _, name := range d.files {
		in, err := os.Open(name)
		if err != nil {
			return dataset{}, err
		}
		_, err = out.ReadFrom(in)
		if err = errors.Join(err, in.Close()); err != nil {
			return dataset{}, fmt.Errorf("joining files: %w", err)
		}
	}
	d.files = []string{path}
	return d, nil
}
