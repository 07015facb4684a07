package parser

import (
	"bytes"
	"strings"
	"testing"
)

// corpusLines is every line of this package's tests with its header: those that are records, and those that are not.
func corpusLines(t *testing.T) (good, bad [][2]string) {
	t.Helper()
	for _, c := range wellFormed() {
		good = append(good, [2]string{c.header, c.line})
	}
	for _, b := range malformed() {
		good = append(good, [2]string{b.header, b.neighbour})
		bad = append(bad, [2]string{b.header, b.line})
	}
	for _, shape := range []string{"default", "custom", "ipv6", "nodata"} {
		c := newCorpus(t, shape, 20)
		for _, line := range c.lines {
			good = append(good, [2]string{c.header, string(line)})
			bad = append(bad, [2]string{c.header, string(line) + " x"}, [2]string{c.header, string(line[:len(line)-4])})
		}
	}
	return good, bad
}

func TestParseAllocatesNothing(t *testing.T) {
	good, bad := corpusLines(t)
	looked := 0
	for _, lines := range [][][2]string{good, bad} {
		for _, l := range lines {
			looked++
			f, line := mustFormat(t, l[0]), []byte(l[1])
			var r Record
			reasons := 0
			allocs := testing.AllocsPerRun(10, func() {
				if _, ok := ReasonOf(f.Parse(line, &r)); ok {
					reasons++
				}
			})
			if allocs != 0 {
				t.Errorf("%q: got %v allocations, want 0", line, allocs)
			}
			if wantReason := looked > len(good); (reasons > 0) != wantReason {
				t.Errorf("%q: got a reason %d times, want one: %v", line, reasons, wantReason)
			}
		}
	}
	if looked < 300 {
		t.Errorf("looked at %d lines, want the whole corpus", looked)
	}
}

// scanText scans a text with a scanner of its own or, for the second and later objects, with one that was used before.
func scanText(t *testing.T, s *Scanner, in *bytes.Reader, text []byte, want int) {
	in.Reset(text)
	s.Reset(in)
	if got := drain(t, s); got != want {
		t.Fatalf("got %d records, want %d", got, want)
	}
}

func drain(t *testing.T, s *Scanner) (lines int) {
	for s.Next() {
		if _, err := s.Record(); err != nil {
			if _, ok := ReasonOf(err); !ok {
				t.Fatal(err)
			}
		}
		lines++
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return lines
}

func TestScannerAllocationsDoNotDependOnRecords(t *testing.T) {
	in := bytes.NewReader(nil)
	allocs := func(lines int) (fresh, again, block float64) {
		c := newCorpus(t, "custom", lines)
		// Malformed lines, blank ones, the header again: each once for every record.
		text := []byte(c.header + "\n" + strings.ReplaceAll(string(c.text[len(c.header)+1:]), "\n", "\nx\n\n"+c.header+"\n"))
		fresh = testing.AllocsPerRun(5, func() { scanText(t, NewScanner(nil, ScannerConfig{}), in, text, 2*lines) })
		s := NewScanner(nil, ScannerConfig{})
		again = testing.AllocsPerRun(5, func() { scanText(t, s, in, text, 2*lines) })
		block = testing.AllocsPerRun(5, func() {
			if s.ResetBytes(text); drain(t, s) != 2*lines {
				t.Fatal("a block has fewer records than a reader")
			}
		})
		return fresh, again, block
	}
	fewFresh, fewAgain, fewBlock := allocs(10)
	manyFresh, manyAgain, manyBlock := allocs(5000)
	if fewFresh != manyFresh || manyFresh == 0 || manyFresh > 20 {
		t.Errorf("a new scanner: got %v allocations for 10 records, %v for 5000; want the same few", fewFresh, manyFresh)
	}
	if fewAgain+manyAgain+fewBlock+manyBlock != 0 {
		t.Errorf("a used scanner: got %v and %v allocations, for blocks %v and %v; want 0", fewAgain, manyAgain, fewBlock, manyBlock)
	}
}
