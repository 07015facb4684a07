package inflate

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"path"
	"strings"
	"testing"
)

// encoded is a file of testdata/encoders.zip, which testdata/encoders.py wrote.
type encoded struct {
	name string // Of the text and the encoder.
	text []byte
	gzip []byte
}

func corpus(tb testing.TB) []encoded {
	tb.Helper()
	archive, err := zip.OpenReader("testdata/encoders.zip")
	if err != nil {
		tb.Fatal(err)
	}
	defer archive.Close()
	var all []encoded
	var text []byte
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			tb.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			tb.Fatal(err)
		}
		if path.Base(f.Name) == "text" {
			text = unzlib(tb, content)
			continue
		}
		all = append(all, encoded{f.Name, text, content})
	}
	if len(all) < 80 {
		tb.Fatalf("the corpus has %d files, fewer than there are encoders", len(all))
	}
	return all
}

func unzlib(tb testing.TB, in []byte) []byte {
	tb.Helper()
	r, err := zlib.NewReader(bytes.NewReader(in))
	if err != nil {
		tb.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// engines are the readers that must give the same, one for each engine.
func engines() map[Engine]*Reader {
	return map[Engine]*Reader{Fast: NewReader(), Klauspost: NewReaderWith(Klauspost)}
}

// TestEveryEncoder has levels and strategies of zlib, ISA-L, libdeflate and zopfli; gzip(1) writes what zlib does.
func TestEveryEncoder(t *testing.T) {
	z := engines()
	seen := map[string]bool{}
	for _, e := range corpus(t) {
		encoder, _, _ := strings.Cut(path.Base(e.name), "-")
		seen[encoder] = true
		for engine, z := range z {
			got, err := inflated(z, bytes.NewReader(e.gzip))
			if err != nil || got != string(e.text) {
				t.Errorf("%s: %s: got %d bytes, %v, want %d", engine, e.name, len(got), err, len(e.text))
			}
		}
	}
	for _, encoder := range []string{"zlib", "pigz", "igzip", "libdeflate"} {
		if !seen[encoder] {
			t.Errorf("no file of %s was looked at", encoder)
		}
	}
}

// TestEveryTruncationOfEveryEncoder leaves nothing of a file that was cut: not at any byte of the small ones, nor at every 37th of the others.
func TestEveryTruncationOfEveryEncoder(t *testing.T) {
	z, looked := NewReader(), 0
	for _, e := range corpus(t) {
		step := 1
		if len(e.gzip) > 1000 {
			step = 37
		}
		for n := 2; n < len(e.gzip); n += step {
			looked++
			if _, err := inflated(z, bytes.NewReader(e.gzip[:n])); !errors.Is(err, ErrCorrupt) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s: cut after %d of %d bytes: got %v, want %v", e.name, n, len(e.gzip), err, ErrCorrupt)
			}
		}
	}
	if looked < 10_000 {
		t.Errorf("looked at %d cuts", looked)
	}
}

// TestEverySingleBitFlip holds small files that have one wrong bit against the standard library: the same text, or an error from both.
func TestEverySingleBitFlip(t *testing.T) {
	z, o, looked := NewReader(), newOracle(), 0
	for _, e := range corpus(t) {
		if len(e.gzip) > 470 {
			continue
		}
		for i := range 8 * len(e.gzip) {
			flipped := bytes.Clone(e.gzip)
			flipped[i/8] ^= 1 << (i % 8)
			deflate := flipped[10 : len(flipped)-8]
			for what, in := range map[string][]byte{"whole": flipped, "with a trailer that is right": o.member(deflate)} {
				if hasReservedFlags(in) {
					continue
				}
				looked++
				want, wantErr := o.inflate(in)
				got, err := inflated(z, bytes.NewReader(in))
				if (err == nil) != (wantErr == nil) || err == nil && got != want {
					t.Errorf("%s, %s, bit %d: got %d bytes, %v; the standard library has %d, %v", e.name, what, i, len(got), err, len(want), wantErr)
				}
			}
		}
	}
	if looked < 50_000 {
		t.Errorf("looked at %d flips", looked)
	}
}
