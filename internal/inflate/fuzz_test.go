package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzReader holds the reader against the standard library: for gzip input the same bytes, or an error from both; for other input the input.
// Every input is tried as it is, and as the DEFLATE data of a member whose trailer is right: chance finds no checksum.
func FuzzReader(f *testing.F) {
	good := zip(f, strings.Repeat("flow log record\n", 20))
	cut := good[:len(good)-5]
	named := bytes.Clone(good)
	named[3] = 0x1f // Every optional part of a header, none of which is there.
	for _, seed := range [][]byte{
		nil, {0x1f}, {0x1f, 0x8b}, []byte("plain text"), good, cut, named, zip(f, ""), append(bytes.Clone(good), good...),
		append(bytes.Clone(good), "garbage"...), append(bytes.Clone(good), 0, 0, 0), append(zip(f, ""), cut...), zip(f, string(good)), zip(f, string(cut)),
	} {
		f.Add(seed)
	}
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		f.Add(deflated(f, level, strings.Repeat("flow log record\n", 20)+"stored as it is"))
	}
	z := NewReader() // One for all: what one input left behind must not reach the next.
	f.Fuzz(func(t *testing.T, in []byte) {
		compare(t, z, in)
		compare(t, z, member(in))
	})
}

func compare(t *testing.T, z *Reader, in []byte) {
	t.Helper()
	if hasReservedFlags(in) {
		return // RFC 1952 wants an error, and the standard library looks away.
	}
	want, wantErr := standard(in)
	if wantErr == nil && strings.HasPrefix(want, "\x1f\x8b") && bytes.HasPrefix(in, []byte{0x1f, 0x8b}) {
		if hasReservedFlags([]byte(want)) {
			return
		}
		want, wantErr = standard([]byte(want)) // Gzip inside gzip.
	}
	for how, r := range map[string]io.Reader{"whole": bytes.NewReader(in), "byte by byte": iotest.OneByteReader(bytes.NewReader(in))} {
		got, err := inflated(z, r)
		switch {
		case (err == nil) != (wantErr == nil):
			t.Errorf("%s: got %v, the standard library says %v", how, err, wantErr)
		case err != nil && !errors.Is(err, ErrCorrupt):
			t.Errorf("%s: got %v, want it to be %v", how, err, ErrCorrupt)
		case err == nil && got != want:
			t.Errorf("%s: got %d bytes, want the %d bytes of the standard library", how, len(got), len(want))
		}
	}
}

// standard inflates with the standard library what begins with the magic bytes, member by member up to the padding.
func standard(in []byte) (string, error) {
	if !bytes.HasPrefix(in, []byte{0x1f, 0x8b}) {
		return string(in), nil
	}
	var text []byte
	for rest := bytes.NewReader(in); ; {
		r, err := gzip.NewReader(rest)
		if err != nil {
			return "", err
		}
		r.Multistream(false)
		member, err := io.ReadAll(r)
		if err != nil {
			return "", err
		}
		text = append(text, member...)
		if after := in[len(in)-rest.Len():]; len(bytes.TrimLeft(after, "\x00")) == 0 {
			return string(text), nil
		}
	}
}

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

// member frames DEFLATE data, with the checksum and length of whatever the standard library makes of it.
func member(deflate []byte) []byte {
	text, _ := io.ReadAll(flate.NewReader(bytes.NewReader(deflate))) // Of broken data neither trailer will do.
	b := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}, deflate...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(text))
	return binary.LittleEndian.AppendUint32(b, uint32(len(text)))
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
