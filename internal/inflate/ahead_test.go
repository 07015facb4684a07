package inflate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
)

// ahead takes all text from another goroutine.
func ahead(t *testing.T, a *Ahead, z *Reader, in io.Reader, unread func(have int) int) ([]byte, error) {
	t.Helper()
	if err := z.Reset(in); err != nil {
		return nil, err
	}
	a.Start(z)
	defer a.Stop()
	return taken(t, a, unread)
}

func TestAheadIsTheSame(t *testing.T) {
	text := strings.Repeat(string(corpus(t)[0].text), 3000)
	if len(text) < 2*aheadPieces*aheadText {
		t.Fatalf("%d bytes of text do not use a piece twice", len(text))
	}
	a, r := NewAhead(), rand.New(rand.NewPCG(5, 6))
	for engine, z := range engines() {
		for name, in := range map[string][]byte{
			"gzip": gzipped(t, text), "plain text": []byte(text), "gzip inside gzip": gzipped(t, string(gzipped(t, text))), "members": members(t, text, 50), "empty": nil,
			"a piece": gzipped(t, text[:aheadText]), "a piece and a byte": gzipped(t, text[:aheadText+1]),
		} {
			want, err := collected(t, z, bytes.NewReader(in), func(int) int { return 0 })
			if err != io.EOF { //nolint:errorlint // The end is not wrapped.
				t.Fatal(err)
			}
			for _, most := range []int{100, 1 << 20} {
				got, err := ahead(t, a, z, chunks{bytes.NewReader(in), rand.New(rand.NewPCG(7, 8)), most}, func(have int) int { return r.IntN(min(have, MaxUnread) + 1) })
				if err != io.EOF || !bytes.Equal(got, want) { //nolint:errorlint // The end is not wrapped.
					t.Errorf("%s, %s, up to %d bytes at once: got %d bytes, %v, want %d", engine, name, most, len(got), err, len(want))
				}
			}
		}
	}
}

// TestAheadGivesWhatCameBeforeAnError, and the error then.
func TestAheadGivesWhatCameBeforeAnError(t *testing.T) {
	text := strings.Repeat(string(corpus(t)[0].text), 300)
	in := gzipped(t, text)
	a, z := NewAhead(), NewReader()
	for name, c := range map[string]struct {
		in   io.Reader
		want error
	}{
		"cut":        {bytes.NewReader(in[:len(in)/2]), ErrCorrupt},
		"broken off": {io.MultiReader(bytes.NewReader(in[:len(in)/2]), iotest.ErrReader(iotest.ErrTimeout)), iotest.ErrTimeout},
	} {
		got, err := ahead(t, a, z, c.in, func(have int) int { return min(have, MaxUnread) })
		if !errors.Is(err, c.want) || len(got) < len(text)/4 || !strings.HasPrefix(text, string(got)) {
			t.Errorf("%s: got %d bytes, %v, want some text and %v", name, len(got), err, c.want)
		}
	}
}

// watched says when it is read.
type watched struct {
	in    io.Reader
	reads int
}

func (w *watched) Read(p []byte) (int, error) {
	w.reads++
	return w.in.Read(p)
}

// TestAheadIsStopped: after Stop nobody reads any more, which the race detector would see, and the next object is read from its beginning.
func TestAheadIsStopped(t *testing.T) {
	text := strings.Repeat(string(corpus(t)[0].text), 3000)
	a, z, in := NewAhead(), NewReader(), gzipped(t, text)
	for pieces := range 12 {
		w := &watched{in: bytes.NewReader(in)}
		if err := z.Reset(w); err != nil {
			t.Fatal(err)
		}
		a.Start(z)
		for range pieces {
			if _, err := a.Next(0); err != nil {
				t.Fatal(err)
			}
		}
		a.Stop()
		a.Stop()
		w.reads = 0
	}
	got, err := ahead(t, a, z, bytes.NewReader(in), func(int) int { return 0 })
	if string(got) != text {
		t.Errorf("afterwards: got %d bytes, %v, want %d", len(got), err, len(text))
	}
}

// late counts the reads that begin after it was told to count.
type late struct {
	in    io.Reader
	count atomic.Bool
	reads atomic.Int64
}

func (l *late) Read(p []byte) (int, error) {
	if l.count.Load() {
		l.reads.Add(1)
	}
	return l.in.Read(p[:min(len(p), 1)])
}

// TestAheadStopsAtOnce: of the reads that are under way there is one, and one may begin before the goroutine sees that nobody wants more.
func TestAheadStopsAtOnce(t *testing.T) {
	a, z := NewAhead(), NewReader()
	for range 50 {
		l := &late{in: strings.NewReader(strings.Repeat("x", 10*aheadText))}
		if err := z.Reset(l); err != nil {
			t.Fatal(err)
		}
		a.Start(z)
		if _, err := a.Next(0); err != nil {
			t.Fatal(err)
		}
		close(a.quit)
		l.count.Store(true)
		for range a.filled {
			continue
		}
		a.quit = nil
		if n := l.reads.Load(); n > 2 {
			t.Fatalf("%d reads began after that", n)
		}
	}
}

// dying panics at its end.
type dying struct{}

func (dying) Read([]byte) (int, error) { panic("out of input") }

func TestAheadPanics(t *testing.T) {
	in := gzipped(t, strings.Repeat(string(corpus(t)[0].text), 3000))
	a, z := NewAhead(), NewReader()
	if err := z.Reset(io.MultiReader(bytes.NewReader(in[:len(in)/2]), dying{})); err != nil {
		t.Fatal(err)
	}
	a.Start(z)
	defer a.Stop()
	pieces := 0
	defer func() {
		if p := fmt.Sprint(recover()); pieces == 0 || !strings.Contains(p, "out of input") || !strings.Contains(p, "inflate.dying.Read") {
			t.Errorf("got %d pieces and panic %q; want some, then the panic of the input and where it was", pieces, p)
		}
	}()
	for {
		if _, err := a.Next(0); err != nil {
			t.Fatal(err)
		}
		pieces++
	}
}

// TestAheadAllocations are those of an object, however much text it has: two channels, a goroutine, and what the runtime makes of them.
func TestAheadAllocations(t *testing.T) {
	const most = 8
	line := string(corpus(t)[0].text)
	for _, repeat := range []int{1, 3000} {
		a, z, in := NewAhead(), NewReader(), new(bytes.Reader)
		content := gzipped(t, strings.Repeat(line, repeat))
		got := testing.AllocsPerRun(10, func() {
			in.Reset(content)
			if err := z.Reset(in); err != nil {
				t.Fatal(err)
			}
			a.Start(z)
			for {
				if _, err := a.Next(0); err != nil {
					break
				}
			}
			a.Stop()
		})
		if got > most {
			t.Errorf("%d bytes of text: got %v allocations, want %d at most", repeat*len(line), got, most)
		}
	}
}
