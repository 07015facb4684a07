package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzReader holds the reader with each of its engines against the standard library: for gzip input the same bytes, or an error from both; for other
// input the input. Every input is tried as it is, and as the DEFLATE data of a member whose trailer is right: chance finds no checksum.
func FuzzReader(f *testing.F) {
	for _, e := range corpus(f) {
		f.Add(e.gzip)
		f.Add(e.gzip[10 : len(e.gzip)-8])
	}
	for _, all := range []map[string]byHand{fixedByHand(), dynamicByHand()} {
		for _, c := range all {
			f.Add(c.data.b)
		}
	}
	good := gzipped(f, strings.Repeat("flow log record\n", 20))
	cut := good[:len(good)-5]
	named := bytes.Clone(good)
	named[3] = 0x1f // Every optional part of a header, none of which is there.
	for _, seed := range [][]byte{
		nil, {0x1f}, {0x1f, 0x8b}, []byte("plain text"), good, cut, named, gzipped(f, ""), append(bytes.Clone(good), good...),
		append(bytes.Clone(good), "garbage"...), append(bytes.Clone(good), 0, 0, 0), append(gzipped(f, ""), cut...), gzipped(f, string(good)), gzipped(f, string(cut)),
	} {
		f.Add(seed)
	}
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		f.Add(deflated(f, level, strings.Repeat("flow log record\n", 20)+"stored as it is"))
	}
	z, o := engines(), newOracle() // The same for all inputs: what one left behind must not reach the next.
	f.Fuzz(func(t *testing.T, in []byte) {
		compare(t, z, o, in)
		compare(t, z, o, o.member(in))
	})
}

// FuzzNext gives DEFLATE data to the reader in pieces of random lengths, and takes the text with as much left unread as chance has it.
func FuzzNext(f *testing.F) {
	for _, e := range corpus(f) {
		f.Add(e.gzip[10:len(e.gzip)-8], uint64(len(e.gzip)), uint16(30))
	}
	z, a, o := NewReader(), NewAhead(), newOracle()
	f.Fuzz(func(t *testing.T, deflate []byte, seed uint64, most uint16) {
		r := rand.New(rand.NewPCG(seed, 0))
		in := o.member(deflate)
		want, wantErr := o.inflate(in)
		if wantErr == nil && strings.HasPrefix(want, "\x1f\x8b") {
			return // Gzip inside gzip is for FuzzReader.
		}
		got, err := collected(t, z, chunks{bytes.NewReader(in), r, 1 + int(most)}, func(have int) int { return r.IntN(min(have, MaxUnread) + 1) })
		if (err == io.EOF) != (wantErr == nil) { //nolint:errorlint // The end is not wrapped.
			t.Errorf("got %v, the standard library says %v", err, wantErr)
		}
		if wantErr == nil && string(got) != want {
			t.Errorf("got %d bytes, want the %d bytes of the standard library", len(got), len(want))
		}
		again, againErr := ahead(t, a, z, chunks{bytes.NewReader(in), rand.New(rand.NewPCG(seed, 1)), 1 + int(most)}, func(have int) int { return r.IntN(min(have, MaxUnread) + 1) })
		if (againErr == io.EOF) != (err == io.EOF) || err == io.EOF && !bytes.Equal(again, got) { //nolint:errorlint // The end is not wrapped.
			t.Errorf("inflated ahead: got %d bytes, %v, want %d, %v", len(again), againErr, len(got), err)
		}
	})
}

func compare(t *testing.T, z map[Engine]*Reader, o *oracle, in []byte) {
	t.Helper()
	if hasReservedFlags(in) {
		return // RFC 1952 wants an error, and the standard library looks away.
	}
	want, wantErr := o.inflate(in)
	if wantErr == nil && strings.HasPrefix(want, "\x1f\x8b") && bytes.HasPrefix(in, []byte{0x1f, 0x8b}) {
		if hasReservedFlags([]byte(want)) {
			return
		}
		want, wantErr = o.inflate([]byte(want)) // Gzip inside gzip.
	}
	for _, how := range []struct {
		name string
		z    *Reader
		r    io.Reader
	}{
		{"whole", z[Fast], bytes.NewReader(in)},
		{"byte by byte", z[Fast], iotest.OneByteReader(bytes.NewReader(in))},
		{"klauspost", z[Klauspost], bytes.NewReader(in)},
	} {
		got, err := inflated(how.z, how.r)
		switch {
		case (err == nil) != (wantErr == nil):
			t.Errorf("%s: got %v, the standard library says %v", how.name, err, wantErr)
		case err != nil && !errors.Is(err, ErrCorrupt):
			t.Errorf("%s: got %v, want it to be %v", how.name, err, ErrCorrupt)
		case err == nil && got != want:
			t.Errorf("%s: got %d bytes, want the %d bytes of the standard library", how.name, len(got), len(want))
		}
	}
}

// oracle is the standard library, whose memory is used again.
type oracle struct {
	gzip  gzip.Reader
	flate io.ReadCloser
}

func newOracle() *oracle { return &oracle{flate: flate.NewReader(nil)} }

// inflate inflates what begins with the magic bytes, member by member up to the padding.
func (o *oracle) inflate(in []byte) (string, error) {
	if !bytes.HasPrefix(in, []byte{0x1f, 0x8b}) {
		return string(in), nil
	}
	var text []byte
	for rest := bytes.NewReader(in); ; {
		if err := o.gzip.Reset(rest); err != nil {
			return "", err
		}
		o.gzip.Multistream(false)
		member, err := io.ReadAll(&o.gzip)
		if err != nil {
			return "", err
		}
		text = append(text, member...)
		if after := in[len(in)-rest.Len():]; len(bytes.TrimLeft(after, "\x00")) == 0 {
			return string(text), nil
		}
	}
}

// member frames DEFLATE data, with the checksum and length of whatever the standard library makes of it.
func (o *oracle) member(deflate []byte) []byte {
	var text []byte
	if err := o.flate.(flate.Resetter).Reset(bytes.NewReader(deflate), nil); err == nil {
		text, _ = io.ReadAll(o.flate) // Of broken data neither trailer will do.
	}
	b := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}, deflate...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(text))
	return binary.LittleEndian.AppendUint32(b, uint32(len(text)))
}

func member(deflate []byte) []byte { return newOracle().member(deflate) }

func standard(in []byte) (string, error) { return newOracle().inflate(in) }

// hasReservedFlags finds what may be a gzip header with flags that are not defined.
func hasReservedFlags(in []byte) bool {
	for {
		_, after, found := bytes.Cut(in, []byte{0x1f, 0x8b, 8})
		if !found || len(after) == 0 || after[0]>>5 != 0 {
			return found && len(after) > 0
		}
		in = after
	}
}

func deflated(t testing.TB, level int, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
