package inflate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func zip(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inflated(z *Reader, in io.Reader) (string, error) {
	if err := z.Reset(in); err != nil {
		return "", err
	}
	b, err := io.ReadAll(z)
	return string(b), err
}

func TestWellFormedInput(t *testing.T) {
	text := strings.Repeat("flow log record\n", 10_000)
	z := NewReader() // One for all: what one input left behind must not reach the next.
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"one member":       {zip(t, text), text},
		"three members":    {append(append(zip(t, text), zip(t, "")...), zip(t, "end")...), text + "end"},
		"plain text":       {[]byte(text), text},
		"one byte of text": {[]byte("x"), "x"},
		"zero bytes":       {nil, ""},
		"an empty member":  {zip(t, ""), ""},
	} {
		for how, r := range map[string]io.Reader{"whole": bytes.NewReader(c.in), "byte by byte": iotest.OneByteReader(bytes.NewReader(c.in))} {
			if got, err := inflated(z, r); err != nil || got != c.want {
				t.Errorf("%s, %s: got %d bytes, %v, want %d bytes", name, how, len(got), err, len(c.want))
			}
		}
	}
}

// TestEveryTruncationIsAnError cuts a file at every byte. The one cut that no decoder can see, between members, is the caller's to find.
func TestEveryTruncationIsAnError(t *testing.T) {
	first, second := zip(t, "first member\n"), zip(t, "second member\n")
	whole, z := append(bytes.Clone(first), second...), NewReader()
	for n := 2; n < len(whole); n++ {
		_, err := inflated(z, bytes.NewReader(whole[:n]))
		if n == len(first) {
			if err != nil {
				t.Errorf("cut between members: got %v, want no error", err)
			}
			continue
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("cut after %d of %d bytes: got %v, want %v", n, len(whole), err, ErrCorrupt)
		}
	}
}

func TestBrokenInput(t *testing.T) {
	good := zip(t, "flow log record\n")
	checksum := bytes.Clone(good)
	checksum[len(checksum)-8] ^= 1
	length := bytes.Clone(good)
	length[len(length)-4] ^= 1
	deflate := bytes.Clone(good)
	deflate[10] = 0xff
	for name, in := range map[string][]byte{
		"wrong checksum": checksum, "wrong length": length, "broken deflate": deflate,
		"text after the end": append(bytes.Clone(good), "garbage"...), "zeros after the end": append(bytes.Clone(good), 0, 0, 0),
	} {
		if _, err := inflated(NewReader(), bytes.NewReader(in)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v, want %v", name, err, ErrCorrupt)
		}
	}
}

func TestErrorsBelowComeThrough(t *testing.T) {
	cut := io.MultiReader(bytes.NewReader(zip(t, "x")[:5]), iotest.ErrReader(iotest.ErrTimeout))
	if _, err := inflated(NewReader(), cut); !errors.Is(err, iotest.ErrTimeout) || errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v, want only %v", err, iotest.ErrTimeout)
	}
}
