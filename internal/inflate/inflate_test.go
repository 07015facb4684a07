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
		"zeros after it":   {append(zip(t, text), make([]byte, 1000)...), text},
		"gzip inside gzip": {zip(t, string(zip(t, text))), text},
		"members inside and outside": {
			append(zip(t, string(zip(t, text))+string(zip(t, "a"))), zip(t, string(zip(t, "end")))...), text + "a" + "end",
		},
		"a third layer stays as it is": {zip(t, string(zip(t, string(zip(t, text))))), string(zip(t, text))},
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
	reserved := bytes.Clone(good)
	reserved[3] = 0x20
	for name, in := range map[string][]byte{
		"wrong checksum": checksum, "wrong length": length, "broken deflate": deflate, "a reserved flag": reserved,
		"text after the end": append(bytes.Clone(good), "garbage"...), "zeros and text after the end": append(bytes.Clone(good), 0, 0, 0, 'x', 0),
		"a broken inner layer": zip(t, string(checksum)), "a cut inner layer": zip(t, string(good[:12])),
	} {
		if _, err := inflated(NewReader(), bytes.NewReader(in)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v, want %v", name, err, ErrCorrupt)
		}
	}
}

// TestErrorsBelowComeThrough has errors that a decoder might make for its own: a network that breaks says "unexpected EOF" too.
func TestErrorsBelowComeThrough(t *testing.T) {
	whole := zip(t, strings.Repeat("flow log record\n", 100))
	z := NewReader()
	for _, below := range []error{iotest.ErrTimeout, io.ErrUnexpectedEOF, gzip.ErrChecksum} {
		for _, content := range [][]byte{nil, whole[:1], whole[:5], whole[:len(whole)/2], whole[:len(whole)-1], whole, []byte("plain text")} {
			_, err := inflated(z, io.MultiReader(bytes.NewReader(content), iotest.ErrReader(below)))
			if !errors.Is(err, below) || errors.Is(err, ErrCorrupt) {
				t.Errorf("%v after %d bytes: got %v, want only that", below, len(content), err)
			}
		}
	}
	if got, err := inflated(z, bytes.NewReader(whole)); err != nil || len(got) != 1600 {
		t.Errorf("the next input: got %d bytes, %v, want 1600", len(got), err)
	}
}

// TestLimits has text that compresses a thousand times, through one layer and through two.
func TestLimits(t *testing.T) {
	const text = 4 << 20
	one := zip(t, strings.Repeat("\n", text))
	two := zip(t, string(zip(t, strings.Repeat("\n", text))))
	empty := zip(t, strings.Repeat(string(zip(t, "")), text/20)) // Its inner layer gives no text at all.
	z := NewReader()
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
		z.Limit(c.limits)
		if _, err := inflated(z, bytes.NewReader(c.in)); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestPeekShowsOnlyWhatIsNotGzip(t *testing.T) {
	z := NewReader()
	for _, c := range []struct{ in, want string }{
		{"PAR1 and more", "PAR1"}, {"PA", "PA"}, {"", ""}, {string(zip(t, "PAR1")), ""},
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
	short, long := allocs(zip(t, "x")), allocs(zip(t, strings.Repeat("flow log record\n", 100_000)))
	if short > 5 || long > short+2 { // Longer codes may need a table more.
		t.Errorf("allocations: got %v for a byte and %v for 1.6 MB, want the same few", short, long)
	}
}
