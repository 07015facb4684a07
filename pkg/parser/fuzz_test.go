package parser

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

const letters, digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"

// slowHeader is the obvious reader of headers: the names, and how many of them are fields.
func slowHeader(header string) (names []string, known int, ok bool) {
	header = strings.Trim(strings.TrimPrefix(header, "\ufeff"), " \t\r\n'\"")
	for name := range strings.FieldsFuncSeq(header, func(c rune) bool { return strings.ContainsRune(" \t\r\n", c) }) {
		if strings.HasPrefix(name, "${") && strings.HasSuffix(name, "}") {
			name = name[2 : len(name)-1]
		}
		if name == "" || !strings.Contains(letters, name[:1]) || strings.Trim(name, letters+digits+"-_") != "" {
			return nil, 0, false
		}
		if _, isField := fieldOf(name); isField {
			if known++; slices.Contains(names, name) {
				return nil, 0, false
			}
		}
		names = append(names, name)
	}
	return names, known, known > 0 && len(names) <= 256
}

// FuzzParse holds Format.Parse against the slow parser: the same values, or the same reason.
func FuzzParse(f *testing.F) {
	for _, c := range wellFormed() {
		f.Add(c.header, c.line, uint64(0), uint64(0))
		f.Add(c.header, c.line, uint64(0x0ff0), uint64(1))
	}
	for _, bad := range malformed() {
		f.Add(bad.header, bad.line, uint64(0), uint64(0))
		f.Add(bad.header, bad.neighbour, ^uint64(0), ^uint64(0))
	}
	for _, shape := range []string{"default", "custom", "ipv6", "nodata"} {
		c := newCorpus(f, shape, 3)
		for _, line := range c.lines {
			f.Add(c.header, string(line), uint64(0), uint64(0))
		}
	}
	f.Fuzz(func(t *testing.T, header, line string, low, high uint64) {
		names, _, ok := slowHeader(header)
		format, err := ParseFormat(header)
		if ok != (err == nil) || !ok && !errors.Is(err, ErrHeader) {
			t.Fatalf("%q: got %v, the slow parser says it is a header: %v", header, err, ok)
		}
		if !ok {
			return
		}
		asked := FieldSet{low, high & (1<<(NumFields-64) - 1)}
		format = format.Select(asked)
		want, wantErr := slowParse(names, asked, line)
		var r Record
		for i, before := range []func(){
			func() { fillWithEverything(t, &r) },
			func() {},
			func() { fillColumns(t, names, format, &r) },
		} {
			before()
			if err := format.Parse([]byte(line), &r); !errors.Is(err, wantErr) {
				t.Fatalf("%q, %q, parse %d: got %v, the slow parser has %v", header, line, i, err, wantErr)
			}
			if wantErr == nil {
				mustEqual(t, valuesOf(t, &r), want)
			}
		}
	})
}

// fillColumns parses a line that has a value in every column, with the format of the lines that follow.
func fillColumns(tb testing.TB, names []string, format *Format, r *Record) {
	tb.Helper()
	var line []string
	for _, name := range names {
		text := "x"
		if f, known := fieldOf(name); known {
			text, _ = sampleOf(f)
		}
		line = append(line, text)
	}
	if err := format.Parse([]byte(strings.Join(line, " ")), r); err != nil {
		tb.Fatal(err)
	}
}

// fillWithEverything leaves no field of r zero, so that a parser that does not overwrite one is seen.
func fillWithEverything(tb testing.TB, r *Record) {
	tb.Helper()
	var header, line []string
	for _, f := range Fields() {
		text, _ := sampleOf(f)
		header, line = append(header, f.String()), append(line, text)
	}
	if err := mustFormat(tb, strings.Join(header, " ")).Parse([]byte(strings.Join(line, " ")), r); err != nil {
		tb.Fatal(err)
	}
}

// slowScan is the obvious scanner: it splits the whole text, and asks the slow parser about every line.
func slowScan(text string, names []string) scanned {
	var got scanned
	var header string
	for line := range strings.SplitSeq(text, "\n") {
		tooLong := len(line) > 65536
		line = strings.TrimPrefix(line, "\ufeff")
		switch next, ok := slowIsHeader(line, header, names); {
		case tooLong && names == nil, !tooLong && names == nil && !ok && strings.Trim(line, " \t\r") != "":
			got.err = ErrHeader
			return got
		case tooLong:
			got.records = append(got.records, "line_too_long")
		case strings.Trim(line, " \t\r") == "":
		case ok:
			header, names = line, next
			got.unknown = max(got.unknown, len(slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, known := fieldOf(name); return known })))
		default:
			if values, err := slowParse(names, FieldSet{}, line); err != nil {
				reason, _ := ReasonOf(err)
				got.records = append(got.records, reason.String())
			} else {
				got.records = append(got.records, show(values))
			}
		}
	}
	return got
}

// slowIsHeader says whether a line is the first header, the last one again, or clearly another one.
func slowIsHeader(line, last string, names []string) ([]string, bool) {
	next, known, ok := slowHeader(line)
	if names == nil || line == last && line != "" {
		return next, ok
	}
	words := strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" \t\r", c) })
	if !ok || known <= len(next)-known {
		return nil, false
	}
	if _, isField := fieldOf(words[0]); !isField {
		return nil, false
	}
	isUnknown := func(name string) bool { _, isField := fieldOf(name); return !isField }
	same := slices.Equal(slices.DeleteFunc(slices.Clone(next), isUnknown), slices.DeleteFunc(slices.Clone(names), isUnknown))
	return next, known > 1 || same
}

// chunks reads at most so many bytes at once.
type chunks struct {
	r    io.Reader
	size int
}

func (c chunks) Read(p []byte) (int, error) { return c.r.Read(p[:min(len(p), c.size)]) }

// FuzzScanner holds the scanner, over a reader in pieces and over a block, against the slow one.
func FuzzScanner(f *testing.F) {
	for _, c := range wellFormed() {
		f.Add(c.header+"\n"+c.line+"\r\n"+c.line, uint16(7), false)
		f.Add(c.line+"\n"+headerV2+"\n"+c.line+"\n", uint16(1), true)
	}
	for _, bad := range malformed() {
		f.Add(bad.header+"\n"+bad.line+"\n\n"+bad.neighbour+"\n"+bad.header, uint16(100), false)
	}
	for _, text := range []string{"", "\n", "srcport\n~1\n~~\n2", "~\nsrcport\n", "srcport\n1\n\ufeffsrcport end\n2 3", "a vpc-id b\n1 2 3\na vpc-id b\n4 5 6"} {
		f.Add(text, uint16(9000), false)
		f.Add(text, uint16(300), true)
	}
	f.Fuzz(func(t *testing.T, text string, size uint16, headerless bool) {
		if strings.Count(text, "~") > 4 {
			t.Skip("so long a text only costs time")
		}
		text = strings.ReplaceAll(text, "~", strings.Repeat("x", 40_000)) // The mutator does not make long lines by itself.
		cfg, names := ScannerConfig{}, []string(nil)
		if headerless {
			names = strings.Fields(headerV2)
			cfg.Format = mustFormat(t, headerV2)
		}
		want := slowScan(text, names)
		s := NewScanner(chunks{strings.NewReader(text), int(size) + 1}, cfg)
		compare(t, "in pieces", scanAll(t, s), want)
		s.Reset(iotest.DataErrReader(strings.NewReader(text)))
		compare(t, "whole", scanAll(t, s), want)
		s.ResetBytes([]byte(text))
		compare(t, "block", scanAll(t, s), want)
		s.ResetBlocks(&growing{rest: text, size: int(size)})
		compare(t, "blocks", scanAll(t, s), want)
	})
}

func compare(t *testing.T, source string, got, want scanned) {
	t.Helper()
	if !slices.Equal(got.records, want.records) || got.unknown != want.unknown || !errors.Is(got.err, want.err) {
		t.Errorf("%s: got %.300q, the slow scanner has %.300q", source, got.records, want.records)
		t.Errorf("%s: got %d unknown, %v; the slow scanner has %d, %v", source, got.unknown, got.err, want.unknown, want.err)
	}
}
