package inflate

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// chunks reads in pieces of random lengths, none among them.
type chunks struct {
	r    io.Reader
	rand *rand.Rand
	most int
}

func (c chunks) Read(p []byte) (int, error) {
	return c.r.Read(p[:min(len(p), c.rand.IntN(c.most+1))])
}

// collected takes all text with Next, and leaves as much unread as it likes. What comes again must be what came before.
func collected(t *testing.T, z *Reader, in io.Reader, unread func(have int) int) ([]byte, error) {
	t.Helper()
	if err := z.Reset(in); err != nil {
		return nil, err
	}
	return taken(t, z, unread)
}

func taken(t *testing.T, z interface{ Next(int) ([]byte, error) }, unread func(have int) int) ([]byte, error) {
	t.Helper()
	var text, last []byte
	for {
		keep := unread(len(last))
		window, err := z.Next(keep)
		if keep > len(window) || !bytes.Equal(window[:keep], text[len(text)-keep:]) {
			t.Fatalf("after %d bytes, %d of them unread: got %d bytes that begin with others", len(text), keep, len(window))
		}
		if (err == nil) != (len(window) > keep) {
			t.Fatalf("after %d bytes: got %d new bytes and %v, want either", len(text), len(window)-keep, err)
		}
		if err != nil {
			if again, sticks := z.Next(keep); !bytes.Equal(again, window) || sticks == nil || sticks.Error() != err.Error() {
				t.Fatalf("after %v: got %d bytes, %v, want the same again", err, len(again), sticks)
			}
			return text, err
		}
		text, last = append(text, window[keep:]...), window
	}
}

func TestNext(t *testing.T) {
	text := strings.Repeat(string(corpus(t)[0].text), 1200)
	inputs := map[string][]byte{
		"gzip": gzipped(t, text), "plain text": []byte(text), "gzip inside gzip": gzipped(t, string(gzipped(t, text))), "members": members(t, text, 50),
	}
	r := rand.New(rand.NewPCG(5, 6))
	for how, unread := range map[string]func(int) int{
		"nothing unread":          func(int) int { return 0 },
		"as much as is allowed":   func(have int) int { return min(have, MaxUnread) },
		"the beginning of a line": func(have int) int { return min(have, r.IntN(200)) },
		"anything":                func(have int) int { return r.IntN(min(have, MaxUnread) + 1) },
	} {
		for engine, z := range engines() {
			for name, in := range inputs {
				for _, most := range []int{100, 10_000, 1 << 20} {
					got, err := collected(t, z, chunks{bytes.NewReader(in), r, most}, unread)
					if err != io.EOF || string(got) != text { //nolint:errorlint // The end is not wrapped.
						t.Errorf("%s, %s, %s, up to %d bytes at once: got %d bytes, %v, want %d", engine, name, how, most, len(got), err, len(text))
					}
				}
			}
		}
	}
}

// TestNextGivesWhatCameBeforeAnError has input that breaks in its middle: the lines before that are still there to be looked at.
func TestNextGivesWhatCameBeforeAnError(t *testing.T) {
	text := strings.Repeat(string(corpus(t)[0].text), 300)
	in := gzipped(t, text)
	for engine, z := range engines() {
		for name, c := range map[string]struct {
			in   io.Reader
			want error
		}{
			"cut":         {bytes.NewReader(in[:len(in)/2]), ErrCorrupt},
			"broken off":  {io.MultiReader(bytes.NewReader(in[:len(in)/2]), iotest.ErrReader(iotest.ErrTimeout)), iotest.ErrTimeout},
			"a wrong sum": {bytes.NewReader(append(bytes.Clone(in[:len(in)-8]), 1, 2, 3, 4, 5, 6, 7, 8)), ErrCorrupt},
		} {
			got, err := collected(t, z, c.in, func(have int) int { return have / 2 })
			if !errors.Is(err, c.want) || len(got) < len(text)/4 || !strings.HasPrefix(text, string(got)) {
				t.Errorf("%s, %s: got %d bytes, %v, want some text and %v", engine, name, len(got), err, c.want)
			}
		}
	}
}

func TestNextWithoutInputIsAtItsEnd(t *testing.T) {
	for engine, z := range engines() {
		if b, err := z.Next(0); len(b) != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("%s: got %d bytes, %v, want the end", engine, len(b), err)
		}
	}
}

// stuck returns nothing, and no error.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestReadersThatReturnNothing(t *testing.T) {
	for _, before := range [][]byte{nil, []byte("plain text"), gzipped(t, "text")} {
		for engine, z := range engines() {
			if _, err := inflated(z, io.MultiReader(bytes.NewReader(before), stuck{})); !errors.Is(err, io.ErrNoProgress) {
				t.Errorf("%s, after %d bytes: got %v, want %v", engine, len(before), err, io.ErrNoProgress)
			}
		}
	}
}

// TestNextAllocatesNothing counts after one input of the kind: then tables and window are there.
func TestNextAllocatesNothing(t *testing.T) {
	text := strings.Repeat("flow log record\n", 100_000)
	in := new(bytes.Reader)
	for name, content := range map[string][]byte{
		"a byte": gzipped(t, "x"), "1.6 MB": gzipped(t, text), "members": members(t, text, 100), "plain text": []byte(text),
		"gzip inside gzip": gzipped(t, string(gzipped(t, text))),
	} {
		z := NewReader()
		allocs := testing.AllocsPerRun(10, func() {
			in.Reset(content)
			if err := z.Reset(in); err != nil {
				t.Fatal(err)
			}
			for {
				if _, err := z.Next(0); err == io.EOF { //nolint:errorlint // The end is not wrapped.
					return
				} else if err != nil {
					t.Fatal(err)
				}
			}
		})
		if allocs != 0 {
			t.Errorf("%s: got %v allocations, want none", name, allocs)
		}
	}
}

func TestEngineThatDoesNotExist(t *testing.T) {
	for _, e := range []Engine{"", Fast, Klauspost} {
		if err := e.Validate(); err != nil {
			t.Errorf("%q: got %v, want no error", e, err)
		}
	}
	if err := Engine("slow").Validate(); err == nil || !strings.Contains(err.Error(), `"slow"`) {
		t.Errorf("got %v, want an error that names it", err)
	}
}

// sizes notes how much it is asked for.
type sizes struct {
	r     io.Reader
	least int
}

func (s *sizes) Read(p []byte) (int, error) {
	s.least = min(s.least, len(p))
	return s.r.Read(p)
}

// TestReadsAreLarge: a slow reader may give as much as it is asked for, and no more, every second.
func TestReadsAreLarge(t *testing.T) {
	text := strings.Repeat(string(corpus(t)[0].text), 300)
	for name, in := range map[string][]byte{"gzip": gzipped(t, text), "plain text": []byte(text)} {
		for _, unread := range []int{0, 100, MaxUnread} {
			s := &sizes{iotest.HalfReader(bytes.NewReader(in)), sourceBuffer}
			got, err := collected(t, NewReader(), s, func(have int) int { return min(have, unread) })
			if err != io.EOF || string(got) != text || s.least < leastRead { //nolint:errorlint // The end is not wrapped.
				t.Errorf("%s, %d unread: got %d bytes, %v, reads of %d bytes; want %d, reads of %d or more", name, unread, len(got), err, s.least, len(text), leastRead)
			}
		}
	}
}
