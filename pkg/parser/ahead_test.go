package parser

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// pieces gives a text in pieces of random sizes, then an error; or it panics.
type pieces struct {
	rng  *rand.Rand
	text []byte
	at   int
	most int
	err  error
	die  bool
}

func (p *pieces) Next(unread int) ([]byte, error) {
	from := p.at - unread
	if p.at == len(p.text) {
		if p.die {
			panic("out of text")
		}
		return p.text[from:], p.err
	}
	p.at += 1 + p.rng.IntN(min(p.most, len(p.text)-p.at))
	return p.text[from:p.at], nil
}

// mixed is records of two formats, with everything between them that is no well-formed record.
func mixed(t *testing.T, rng *rand.Rand) []byte {
	t.Helper()
	var text bytes.Buffer
	for range 6 {
		shape := []string{"default", "custom", "ipv6", "nodata"}[rng.IntN(4)]
		text.Write(newCorpus(t, shape, rng.IntN(1500)).text)
		text.WriteString([]string{"", "x\n", "\n\n", "srcport\n1\n2\n", strings.Repeat("5\n", 3000), strings.Repeat("y", MaxLine+rng.IntN(MaxLine)) + "\n"}[rng.IntN(6)])
	}
	return text.Bytes()
}

func TestAheadIsTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s, other := NewScanner(nil, ScannerConfig{}), NewScanner(nil, ScannerConfig{})
	broken, records := errors.New("the wire broke"), 0
	for range 12 {
		text := mixed(t, rng)
		for _, end := range []error{io.EOF, broken} {
			most := 1 << rng.IntN(18)
			cut := text[:len(text)-rng.IntN(200)]
			s.ResetBlocks(&pieces{rng: rng, text: cut, most: most, err: end})
			want := scanAll(t, s)
			other.ResetAhead(&pieces{rng: rng, text: cut, most: most, err: end})
			got := scanAll(t, other)
			if !slices.Equal(got.records, want.records) || got.unknown != want.unknown || !errors.Is(got.err, want.err) || other.Bytes() != s.Bytes() {
				t.Fatalf("pieces up to %d bytes: got %d records, %v, %d bytes; want %d, %v, %d", most, len(got.records), got.err, other.Bytes(), len(want.records), want.err, s.Bytes())
			}
			records += len(want.records)
		}
	}
	if records < 30_000 {
		t.Errorf("looked at %d records only", records)
	}
}

// TestAheadShares looks at both ways in which a piece can come: parsed, and as text.
func TestAheadShares(t *testing.T) {
	c := newCorpus(t, "default", 50_000)
	s := NewScanner(nil, ScannerConfig{})
	s.ResetAhead(&pieces{rng: rand.New(rand.NewPCG(1, 2)), text: c.text, most: 64 << 10, err: io.EOF})
	defer s.Stop()
	here, there := 0, 0
	for s.Next() {
		if r, err := s.Record(); err != nil {
			t.Fatal(err)
		} else if r == &s.own[0] {
			here++
		} else {
			there++
		}
	}
	if here+there != len(c.lines) || here == 0 || there == 0 {
		t.Errorf("got %d records parsed here and %d ahead, want %d in all, and some of both", here, there, len(c.lines))
	}
}

func TestAheadIsStopped(t *testing.T) {
	text := newCorpus(t, "default", 5_000).text
	s := NewScanner(nil, ScannerConfig{})
	for after := 0; after < 600; after += 7 {
		b := &pieces{rng: rand.New(rand.NewPCG(1, 2)), text: text, most: 5000, err: io.EOF}
		s.ResetAhead(b)
		for range after {
			s.Next()
		}
		s.Stop()
		b.at = -1 // Nobody reads it any more: the race detector would see.
		if s.Next() || s.Err() != nil {
			t.Fatalf("stopped after %d records: got another, or %v", after, s.Err())
		}
		s.Stop()
	}
}

func TestAheadPanics(t *testing.T) {
	s := NewScanner(nil, ScannerConfig{})
	s.ResetAhead(&pieces{rng: rand.New(rand.NewPCG(1, 2)), text: newCorpus(t, "default", 2_000).text, most: 5000, die: true})
	n := 0
	defer func() {
		if p := fmt.Sprint(recover()); n != 2_000 || !strings.Contains(p, "out of text") || !strings.Contains(p, "parser.(*pieces).Next") {
			t.Errorf("got %d records and panic %q; want all records, then the panic of the blocks and where it was", n, p)
		}
		s.ResetBytes([]byte("srcport\n1\n"))
		if got := scanAll(t, s); len(got.records) != 1 {
			t.Errorf("afterwards: got %+v, want one record", got)
		}
	}()
	for s.Next() {
		n++
	}
}

// TestAheadAllocations are those of an input, however many records it has: three channels, a goroutine, and what the runtime makes of them.
func TestAheadAllocations(t *testing.T) {
	allocs := func(lines int) float64 {
		b := &pieces{rng: rand.New(rand.NewPCG(1, 2)), text: newCorpus(t, "custom", lines).text, most: 64 << 10, err: io.EOF}
		s := NewScanner(nil, ScannerConfig{})
		return testing.AllocsPerRun(5, func() {
			b.at = 0
			if s.ResetAhead(b); drain(t, s) != lines {
				t.Fatal("records are missing")
			}
			s.Stop()
		})
	}
	const most = 8
	few, many := allocs(10), allocs(5000)
	if few > most || many > most {
		t.Errorf("got %v allocations for 10 records, %v for 5000; want %d at most", few, many, most)
	}
}
