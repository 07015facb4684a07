package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// slowFile is a flow log file, or what is wrong with it, read in the obvious way: no line of it goes through the parser or the inflater of flowd.
type slowFile struct {
	name    string
	text    int // Bytes, after inflating.
	records []slowRecord
	// malformed counts lines by reason.
	malformed map[string]uint64
	err       error
}

// slowRecord has the values by field name. Absent fields are absent.
type slowRecord map[string]string

var (
	errSlowParquet  = errors.New("parquet")
	errSlowNoHeader = errors.New("no header")
)

// slowFiles are the files of a folder in the order in which flowd must visit them.
func slowFiles(t *testing.T, dir string, fields map[string]bool) []slowFile {
	t.Helper()
	var all []slowFile
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(path)
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{".json", ".jsonl", ".md"}, ext) {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all = append(all, slowRead(t, path, name, fields))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func slowRead(t *testing.T, path, name string, fields map[string]bool) slowFile {
	t.Helper()
	f := slowFile{name: name, malformed: map[string]uint64{}}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return slowFile{name: name, err: err}
		}
		if data, err = io.ReadAll(z); err != nil {
			return slowFile{name: name, err: err}
		}
	}
	if bytes.HasPrefix(data, []byte("PAR1")) {
		return slowFile{name: name, err: errSlowParquet}
	}
	f.text = len(data)
	f.lines(t, strings.Split(string(data), "\n"), fields)
	return f
}

// lines splits each at white space. A header may come again, as the first line of a later gzip member.
func (f *slowFile) lines(t *testing.T, lines []string, fields map[string]bool) {
	t.Helper()
	header := strings.Fields(lines[0])
	for _, column := range header {
		if !fields[column] {
			*f = slowFile{name: f.name, err: errSlowNoHeader}
			return
		}
	}
	for _, line := range lines[1:] {
		switch values := strings.Fields(line); {
		case len(values) == 0 || slices.Equal(values, header):
		case len(values) < len(header):
			f.malformed["too_few_values"]++
		case len(values) > len(header):
			f.malformed["too_many_values"]++
		default:
			r := slowRecord{}
			for i, value := range values {
				if value != "-" {
					r[header[i]] = value
				}
			}
			r.check(t)
			f.records = append(f.records, r)
		}
	}
}

// check fails on what the samples do not have, because the reference would not count it as flowd must.
func (r slowRecord) check(t *testing.T) {
	t.Helper()
	for field, value := range r {
		switch field {
		case "bytes", "packets", "start", "end", "srcport", "dstport", "protocol":
			if _, err := strconv.ParseUint(value, 10, 64); err != nil {
				t.Fatalf("%s is %q, and the reference knows no malformed numbers", field, value)
			}
		case "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr":
			if _, err := netip.ParseAddr(value); err != nil {
				t.Fatalf("%s is %q, and the reference knows no malformed addresses", field, value)
			}
		}
	}
}
