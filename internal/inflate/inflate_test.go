package inflate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func gzipped(t testing.TB, text string) []byte {
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
	z := engines() // The same for all inputs: what one left behind must not reach the next.
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"one member":       {gzipped(t, text), text},
		"three members":    {append(append(gzipped(t, text), gzipped(t, "")...), gzipped(t, "end")...), text + "end"},
		"plain text":       {[]byte(text), text},
		"one byte of text": {[]byte("x"), "x"},
		"zero bytes":       {nil, ""},
		"an empty member":  {gzipped(t, ""), ""},
		"zeros after it":   {append(gzipped(t, text), make([]byte, 1000)...), text},
		"gzip inside gzip": {gzipped(t, string(gzipped(t, text))), text},
		"members inside and outside": {
			append(gzipped(t, string(gzipped(t, text))+string(gzipped(t, "a"))), gzipped(t, string(gzipped(t, "end")))...), text + "a" + "end",
		},
		"a third layer stays as it is": {gzipped(t, string(gzipped(t, string(gzipped(t, text))))), string(gzipped(t, text))},
	} {
		for engine, z := range z {
			inBothWays(t, z, string(engine)+": "+name, c.in, c.want)
		}
	}
}

// TestEveryTruncationIsAnError cuts a file at every byte. The one cut that no decoder can see, between members, is the caller's to find.
func TestEveryTruncationIsAnError(t *testing.T) {
	first, second := gzipped(t, "first member\n"), gzipped(t, "second member\n")
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
	good := gzipped(t, "flow log record\n")
	checksum := bytes.Clone(good)
	checksum[len(checksum)-8] ^= 1
	length := bytes.Clone(good)
	length[len(length)-4] ^= 1
	deflate := bytes.Clone(good)
	deflate[10] = 0xff
	reserved := bytes.Clone(good)
	reserved[3] = 0x20
	for name, in := range map[string][]byte{
		"wrong checksum": checksum, "wrong length": length, "broken deflate": deflate, "a reserved flag": reserved,
		"text after the end": append(bytes.Clone(good), "garbage"...), "zeros and text after the end": append(bytes.Clone(good), 0, 0, 0, 'x', 0),
		"a broken inner layer": gzipped(t, string(checksum)), "a cut inner layer": gzipped(t, string(good[:12])),
	} {
		for engine, z := range engines() {
			if _, err := inflated(z, bytes.NewReader(in)); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s: %s: got %v, want %v", engine, name, err, ErrCorrupt)
			}
		}
	}
}

// TestErrorsBelowComeThrough has errors that a decoder might make for its own: a network that breaks says "unexpected EOF" too.
func TestErrorsBelowComeThrough(t *testing.T) {
	whole := gzipped(t, strings.Repeat("flow log record\n", 100))
	for engine, z := range engines() {
		for _, below := range []error{iotest.ErrTimeout, io.ErrUnexpectedEOF, gzip.ErrChecksum, fmt.Errorf("getting it: %w", io.EOF)} {
			for _, content := range [][]byte{nil, whole[:1], whole[:5], whole[:len(whole)/2], whole[:len(whole)-1], whole, []byte("plain text")} {
				_, err := inflated(z, io.MultiReader(bytes.NewReader(content), iotest.ErrReader(below)))
				if !errors.Is(err, below) || errors.Is(err, ErrCorrupt) {
					t.Errorf("%s: %v after %d bytes: got %v, want only that", engine, below, len(content), err)
				}
			}
		}
		if got, err := inflated(z, bytes.NewReader(whole)); err != nil || len(got) != 1600 {
			t.Errorf("%s: the next input: got %d bytes, %v, want 1600", engine, len(got), err)
		}
	}
}

// TestLimits has text that compresses a thousand times, through one layer and through two.
func TestLimits(t *testing.T) {
	const text = 4 << 20
	one := gzipped(t, strings.Repeat("\n", text))
	two := gzipped(t, string(gzipped(t, strings.Repeat("\n", text))))
	empty := gzipped(t, strings.Repeat(string(gzipped(t, "")), text/20)) // Its inner layer gives no text at all.
	z := engines()
	for name, c := range map[string]struct {
		in     []byte
		limits Limits
		want   error
	}{
		"no limit":                           {one, Limits{}, nil},
		"as much as is allowed":              {one, Limits{Bytes: text}, nil},
		"a byte more":                        {one, Limits{Bytes: text - 1}, ErrBomb},
		"a ratio that is allowed":            {one, Limits{Ratio: 1100}, nil},
		"a ratio that is not":                {one, Limits{Ratio: 900}, ErrBomb},
		"a ratio that does not matter yet":   {one, Limits{Ratio: 900, RatioAfter: text}, nil},
		"two layers":                         {two, Limits{Ratio: 2000}, ErrBomb},
		"two layers with much text":          {two, Limits{Bytes: text - 1}, ErrBomb},
		"an inner layer that gives no text":  {empty, Limits{Bytes: text / 2}, ErrBomb},
		"plain text is as long as its input": {bytes.Repeat([]byte("\n"), text), Limits{Bytes: 1, Ratio: 1}, nil},
	} {
		for engine, z := range z {
			z.Limit(c.limits)
			if _, err := inflated(z, bytes.NewReader(c.in)); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%s: %s: got %v, want %v", engine, name, err, c.want)
			}
		}
	}
}

func TestPeekShowsOnlyWhatIsNotGzip(t *testing.T) {
	z := NewReader()
	for _, c := range []struct{ in, want string }{
		{"PAR1 and more", "PAR1"}, {"PA", "PA"}, {"", ""}, {string(gzipped(t, "PAR1")), ""},
	} {
		if err := z.Reset(strings.NewReader(c.in)); err != nil {
			t.Fatal(err)
		}
		if got := z.Peek(4); string(got) != c.want {
			t.Errorf("%.4q: got %q, want %q", c.in, got, c.want)
		}
		if rest, err := io.ReadAll(z); err != nil || c.want != "" && string(rest) != c.in {
			t.Errorf("%.4q: got %q, %v after it was peeked at, want all of it", c.in, rest, err)
		}
	}
}

func TestReaderWithoutInputIsAtItsEnd(t *testing.T) {
	if n, err := NewReader().Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("got %d bytes, %v, want the end", n, err)
	}
}

// TestResetUsesItsMemoryAgain counts allocations, which must not depend on the length of the input.
func TestResetUsesItsMemoryAgain(t *testing.T) {
	z, in, buffer := NewReader(), new(bytes.Reader), make([]byte, 4096)
	allocs := func(content []byte) float64 {
		return testing.AllocsPerRun(20, func() {
			in.Reset(content)
			if err := z.Reset(in); err != nil {
				t.Fatal(err)
			}
			for {
				if _, err := z.Read(buffer); errors.Is(err, io.EOF) {
					return
				} else if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	short, long := allocs(gzipped(t, "x")), allocs(gzipped(t, strings.Repeat("flow log record\n", 100_000)))
	if short > 5 || long > short+2 { // Longer codes may need a table more.
		t.Errorf("allocations: got %v for a byte and %v for 1.6 MB, want the same few", short, long)
	}
}
