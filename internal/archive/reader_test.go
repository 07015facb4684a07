package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"flowd/internal/inflate"
	"flowd/pkg/parser"
)

const (
	header = "version srcaddr bytes log-status\n"
	line   = "2 10.0.0.1 40 OK\n"
)

// inMemory is a file without a disk.
func inMemory(content []byte) File {
	return File{Name: "memory", open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

func TestRead(t *testing.T) {
	format, err := parser.ParseFormat("srcaddr bytes")
	if err != nil {
		t.Fatal(err)
	}
	zipped := zip(t, header+line+line)
	for what, c := range map[string]struct {
		content   []byte
		format    *parser.Format
		records   int
		malformed int
		text      uint64
		err       error
	}{
		"plain text":                    {content: []byte(header + line), records: 1, text: 50},
		"gzip":                          {content: zipped, records: 2, text: 67},
		"several members":               {content: zip(t, header+line, line, header+line), records: 3, text: 117},
		"no bytes":                      {},
		"a header alone":                {content: []byte(header), text: 33},
		"malformed lines":               {content: []byte(header + line + "2 10.0.0.1\n" + line), records: 2, malformed: 1, text: 78},
		"no header, and a format":       {content: []byte("10.0.0.1 40\n"), format: format, records: 1, text: 12},
		"a header in spite of a format": {content: []byte(header + line), format: format, records: 1, text: 50},
		"no header":                     {content: []byte(line), err: parser.ErrHeader},
		"cut short":                     {content: zipped[:len(zipped)-9], records: -1, err: inflate.ErrCorrupt},
		"something after the end":       {content: append(bytes.Clone(zipped), "garbage"...), records: -1, err: inflate.ErrCorrupt},
		"Parquet":                       {content: []byte("PAR1....PAR1"), err: ErrParquet},
		"something else":                {content: []byte("\x89PNG\r\n\x1a\n"), err: parser.ErrHeader},
	} {
		got, malformed, read := 0, 0, 0
		r := NewReader(parser.ScannerConfig{Format: c.format}, inflate.Fast, func(n int) { read += n })
		text, err := r.Read(t.Context(), inMemory(c.content), func(_ *parser.Record, err error) bool {
			if err != nil {
				malformed++
			} else {
				got++
			}
			return true
		})
		if !errors.Is(err, c.err) || c.err == nil && (text != c.text || read != len(c.content)) || c.records >= 0 && got != c.records || malformed != c.malformed {
			t.Errorf("%s: got %d records, %d malformed lines, %d bytes of text, %d bytes read, error %v; want %+v", what, got, malformed, text, read, err, c)
		}
	}
}

func TestReaderIsUsedAgainAfterAnError(t *testing.T) {
	r := NewReader(parser.ScannerConfig{}, inflate.Fast, nil)
	count := func(content []byte) (n int, err error) {
		_, err = r.Read(t.Context(), inMemory(content), func(*parser.Record, error) bool { n++; return true })
		return n, err
	}
	broken := zip(t, header+strings.Repeat(line, 100))
	for range 3 {
		if _, err := count(broken[:len(broken)-4]); !errors.Is(err, inflate.ErrCorrupt) {
			t.Fatalf("got %v, want ErrCorrupt", err)
		}
		if n, err := count(zip(t, header+line)); n != 1 || err != nil {
			t.Fatalf("after a broken file: got %d records, %v, want 1", n, err)
		}
	}
}

func TestReadStops(t *testing.T) {
	content := zip(t, header+strings.Repeat(line, 10_000))
	r, n := NewReader(parser.ScannerConfig{}, inflate.Fast, nil), 0
	if _, err := r.Read(t.Context(), inMemory(content), func(*parser.Record, error) bool { n++; return n < 3 }); n != 3 || err != nil {
		t.Errorf("when no more is wanted: got %d records and %v, want 3 and no error", n, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if _, err := r.Read(ctx, inMemory(content), func(*parser.Record, error) bool { return true }); !errors.Is(err, cause) {
		t.Errorf("when the context ends: got %v, want its cause", err)
	}
}

func TestErrorsOfTheFile(t *testing.T) {
	r := NewReader(parser.ScannerConfig{}, inflate.Fast, nil)
	each := func(*parser.Record, error) bool { return true }
	gone := onDisk(filepath.Join(t.TempDir(), "gone"), fakeInfo{})
	if _, err := r.Read(t.Context(), gone, each); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "opening the file: ") {
		t.Errorf("a file that is gone: got %v", err)
	}
	failing := File{open: func() (io.ReadCloser, error) { return io.NopCloser(iotest.ErrReader(iotest.ErrTimeout)), nil }}
	if _, err := r.Read(t.Context(), failing, each); !errors.Is(err, iotest.ErrTimeout) || !strings.HasPrefix(err.Error(), "reading the file: ") {
		t.Errorf("a file that cannot be read: got %v", err)
	}
}

type fakeInfo struct{ fs.FileInfo }

func (fakeInfo) Mode() fs.FileMode { return fs.ModeNamedPipe }

// TestMemoryDoesNotGrowWithTheFile reads a file ten times as large as another with the same allocations.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	small, large := zip(t, header+strings.Repeat(line, 20_000)), zip(t, header+strings.Repeat(line, 200_000))
	r := NewReader(parser.ScannerConfig{}, inflate.Fast, nil)
	allocated := func(content []byte, want int) uint64 {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n := 0
		if _, err := r.Read(t.Context(), inMemory(content), func(*parser.Record, error) bool { n++; return true }); n != want || err != nil {
			t.Fatalf("got %d records and %v, want %d", n, err, want)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	allocated(small, 20_000)
	const tolerance = 256 << 10
	if s, l := allocated(small, 20_000), allocated(large, 200_000); l > s+tolerance {
		t.Errorf("got %d bytes for a file ten times as large, and %d for the small one", l, s)
	}
}

// TestReadAhead has every kind of end that a file can have, once read by one goroutine and once by two.
func TestReadAhead(t *testing.T) {
	text, rng := strings.Builder{}, rand.New(rand.NewPCG(1, 2))
	for text.WriteString(header); text.Len() < 4<<20; {
		fmt.Fprintf(&text, "2 10.0.%d.%d %d OK\n", rng.IntN(256), rng.IntN(256), rng.IntN(1<<20))
	}
	whole := zip(t, text.String(), "version bytes srcaddr log-status\n2 x 10.0.0.1 OK\n", text.String())
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 4
	for what, content := range map[string][]byte{
		"whole": whole, "plain": []byte(text.String()), "cut": whole[:len(whole)-9], "early": whole[:worthAhead], "flipped": flipped,
		"more": append(bytes.Clone(whole), '!'), "no header": zip(t, text.String()[len(header):]), "not at all": bytes.Repeat([]byte("PAR1"), worthAhead),
	} {
		type end struct{ records, bytes, text uint64 }
		var ends [2]end
		var errs [2]string
		var read [2]int // At the least.
		for i, spare := range []bool{false, true} {
			r := NewReader(parser.ScannerConfig{}, inflate.Fast, func(n int) { read[i] += n })
			f := inMemory(content)
			f.Size, f.spare = int64(len(content)), spare
			n, err := r.Read(t.Context(), f, func(record *parser.Record, err error) bool {
				if ends[i].records++; err == nil {
					ends[i].bytes += record.Bytes
				}
				return true
			})
			if errs[i] = fmt.Sprint(err); err == nil { // How much was read beyond what is wrong is nobody's business.
				ends[i].text = n
			}
		}
		if ends[0] != ends[1] || errs[0] != errs[1] || len(content) < worthAhead || read[0] == 0 || read[1] == 0 {
			t.Errorf("%s: one goroutine has %+v, %s; two have %+v, %s", what, ends[0], errs[0], ends[1], errs[1])
		}
	}
}

// TestReadAheadStops at any record, with an error of the context, and without a goroutine that is left: see TestMain.
func TestReadAheadStops(t *testing.T) {
	content := []byte(header + strings.Repeat(line, 60_000))
	r := NewReader(parser.ScannerConfig{}, inflate.Fast, nil)
	f := inMemory(content)
	f.Size, f.spare = int64(len(content)), true
	for after := 1; after < 9_000; after += 500 {
		n := 0
		if _, err := r.Read(t.Context(), f, func(*parser.Record, error) bool { n++; return n < after }); n != after || err != nil {
			t.Fatalf("got %d records, %v; want %d", n, err, after)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	if _, err := r.Read(ctx, f, func(*parser.Record, error) bool { cancel(enough); return true }); !errors.Is(err, enough) {
		t.Errorf("got %v, want the cause", err)
	}
}
