package parser

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// scanBothWays reads a text with the kernels of this machine and with those by words, and says how many records came out of blocks.
func scanBothWays(t *testing.T, text string) (got scanned, inBlocks int) {
	t.Helper()
	for name, k := range eachKernels() {
		s := NewScanner(nil, ScannerConfig{})
		s.block.kernels = k
		s.ResetBytes([]byte(text))
		got, inBlocks = scanned{}, 0
		for s.Next() {
			if s.block.next > 0 && s.record == &s.block.records[s.block.next-1] && s.block.rows > 0 {
				inBlocks++
			}
			r, err := s.Record()
			if reason, ok := ReasonOf(err); ok {
				got.records = append(got.records, reason.String())
			} else {
				got.records = append(got.records, show(valuesOf(t, r)))
			}
		}
		got.unknown, got.err = s.UnknownColumns(), s.Err()
		compare(t, name, got, slowScan(text, nil))
	}
	return got, inBlocks
}

// TestBlocksAreWhatLinesAre has a line of each kind among lines that are alike, at each place around the borders of blocks.
func TestBlocksAreWhatLinesAre(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(string(newCorpus(t, "default", 3*blockLines).text), "\n"), "\n")
	header := lines[0]
	kinds := []string{"", " ", "x", header, "\ufeff" + header, "\ufeff" + lines[1], lines[1] + "\r", lines[1] + " x", strings.Replace(lines[1], " ", "  ", 1),
		strings.Replace(lines[1], " ", "\t", 1), "version start\n1 2", "- - - - - - - - - - - - - -", "2 1 eni-1 ::1 2001:db8::1 1 2 6 1 1 1 2 ACCEPT OK",
		"2 1 eni-1 1.2.3.4 1.2.3.400 1 2 6 1 1 1 2 ACCEPT OK", "2 1 eni-1 1.2.3.4 1.2.3.4 1 65536 6 1 1 1 2 ACCEPT OK", "2 1 eni-1 1.2.3.4 1.2.3.4 1 2 6 1 1 1 2 ACCEPTED OK",
		"2 1 eni-1 1.2.3.4 1.2.3.4 1 2 6 1 1 1 2 ACCEPT KO", strings.Repeat("x", blockWindow+100), "2 1 eni-1 - - - - - - - 1 2 - NODATA",
		"2 1 eni-1 1.2.3.4 1.2.3.4 1 2 6 99999999999999999 18446744073709551616 1 2 REJECT OK"}
	all := 0
	for _, kind := range kinds {
		for _, at := range []int{1, 2, blockLines - 1, blockLines, blockLines + 1, blockLines + 2, 2 * blockLines, len(lines) - 1, len(lines)} {
			_, inBlocks := scanBothWays(t, strings.Join(slices.Insert(slices.Clone(lines), at, kind), "\n"))
			all += inBlocks
		}
	}
	if least := len(kinds) * 9 * blockLines; all < least {
		t.Errorf("%d records came out of blocks, want at least %d", all, least)
	}
}

// TestBlocksEndAtTheSameHeader has headers that begin with no letter.
func TestBlocksEndAtTheSameHeader(t *testing.T) {
	records := strings.Repeat("1 eni-1\n", 3*blockLines)
	for _, header := range []string{"${srcport} ${interface-id}\n", "'srcport interface-id'\n", "srcport interface-id\n"} {
		got, inBlocks := scanBothWays(t, header+records+header+records)
		if len(got.records) != 6*blockLines || inBlocks < 4*blockLines {
			t.Errorf("%q: got %d records, %d of them in blocks", header, len(got.records), inBlocks)
		}
	}
}

// TestBlocksHaveAllFields has a value in every field, and `-` in every other line.
func TestBlocksHaveAllFields(t *testing.T) {
	var header, values []string
	for _, f := range Fields() {
		value, _ := sampleOf(f)
		header, values = append(header, f.String()), append(values, value)
	}
	text := strings.Join(header, " ") + "\n"
	for i := range 4 * blockLines {
		line := slices.Clone(values)
		line[i%len(line)] = "-"
		text += strings.Join(line, " ") + "\n"
	}
	if _, inBlocks := scanBothWays(t, text); inBlocks < 3*blockLines {
		t.Errorf("%d records came out of blocks", inBlocks)
	}
}

// TestBlocksStopBeforeTheEnd has an address as the last value at every distance from the end of the text.
func TestBlocksStopBeforeTheEnd(t *testing.T) {
	all := 0
	for n := range 3 * blockLines {
		for _, last := range []string{"", "1", "1 1.1.1.1", "1 1.1.1.1\n"} {
			_, inBlocks := scanBothWays(t, "srcport dstaddr\n"+strings.Repeat("1 1.1.1.1\n", n)+last)
			all += inBlocks
		}
	}
	if all < blockLines*blockLines {
		t.Errorf("%d records came out of blocks", all)
	}
}

// TestLinesThatAreNotAlikeCostLittle counts the bytes that are looked at in text that hardly has a window of lines alike. Looking is about a hundred times
// as fast as reading short lines one by one.
func TestLinesThatAreNotAlikeCostLittle(t *testing.T) {
	const header = "srcport dstport\n"
	few := strings.Repeat("1 2\n", 30)
	for _, unit := range []string{"1 2 3\n", "1 2\n" + header, "1  2\n", few + "1 2\r\n", few + "\ufeff1 2\n", few + "1\n", strings.Repeat(few, 20) + "1 2\r\n"} {
		text, looked := header+strings.Repeat(unit, 400_000/len(unit)), 0
		s := NewScanner(nil, ScannerConfig{})
		index := s.block.kernels.index
		s.block.kernels.index = func(text []byte, from, chunks int, at []uint32) (int, int, bool) {
			looked += 64 * chunks
			return index(text, from, chunks, at)
		}
		s.ResetBytes([]byte(text))
		if got := drain(t, s); got == 0 || looked == 0 || looked > 4*len(text) {
			t.Errorf("%.20q: got %d lines, and %d bytes were looked at; want at most four times the %d there are", text, got, looked, len(text))
		}
	}
}

// TestBlocksComeBack has lines that are not alike, and then only lines that are.
func TestBlocksComeBack(t *testing.T) {
	text := "srcport dstport\n" + strings.Repeat("1\t2\n", 10_000) + strings.Repeat("1 2\n", 10_000)
	if _, inBlocks := scanBothWays(t, text); inBlocks < 10_000-2*blockPause {
		t.Errorf("%d records came out of blocks, want nearly all of the last 10000", inBlocks)
	}
}

func TestBlockRecordsAreGoodOneAtATime(t *testing.T) {
	var text strings.Builder
	text.WriteString("srcport interface-id\n")
	for i := range 5 * blockLines {
		fmt.Fprintf(&text, "%d eni-%d\n", i, i)
	}
	s := NewScanner(nil, ScannerConfig{})
	s.ResetBytes([]byte(text.String()))
	for i := 0; s.Next(); i++ {
		r, err := s.Record()
		if err != nil || int(r.SrcPort) != i || string(r.InterfaceID) != fmt.Sprintf("eni-%d", i) {
			t.Fatalf("record %d: got %d, %s, %v", i, r.SrcPort, r.InterfaceID, err)
		}
	}
}
