package parser

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The lengths at which a line meets the limit, the end of the buffer, or both; before is how far into the buffer it begins.
func TestLongLines(t *testing.T) {
	looked, tooLong := 0, 0
	for _, before := range []int{0, 1, MaxLine - 20, MaxLine, 2*MaxLine - 20} {
		for _, length := range []int{MaxLine - 1, MaxLine, MaxLine + 1, 2*MaxLine - 1, 2 * MaxLine, 2*MaxLine + 1, 5 * MaxLine} {
			for _, after := range []string{"", "\n", "\n9\n"} {
				for source, open := range sources() {
					if source == "one byte" && (length > MaxLine+1 || before > 0) {
						continue // It has no buffer borders that the others lack, and is slow.
					}
					looked++
					want := []string{"bad_number"}
					if length > MaxLine {
						want[0] = "line_too_long"
						tooLong++
					}
					if after == "\n9\n" {
						want = append(want, "srcport=9")
					}
					s := NewScanner(nil, ScannerConfig{})
					open(s, "srcport\n"+strings.Repeat("\n", before)+strings.Repeat("x", length)+after)
					if got := scanAll(t, s); !slices.Equal(got.records, want) || got.err != nil {
						t.Errorf("%s, %d bytes after %d, then %q: got %q, %v; want %q", source, length, before, after, got.records, got.err, want)
					}
				}
			}
		}
	}
	if looked != 5*3*7*5+3*3 || tooLong == 0 || tooLong == looked {
		t.Errorf("looked at %d lines, %d too long", looked, tooLong)
	}
}

// A line at the limit is read to its last value, wherever it lies.
func TestLongestLineIsReadWhole(t *testing.T) {
	text := "srcport dstport\n1 2\n3" + strings.Repeat(" ", MaxLine-2) + "4\n5 6\n"
	for source, open := range sources() {
		s := NewScanner(nil, ScannerConfig{})
		open(s, text)
		want := []string{"dstport=2 srcport=1", "dstport=4 srcport=3", "dstport=6 srcport=5"}
		if got := scanAll(t, s); !slices.Equal(got.records, want) {
			t.Errorf("%s: got %q, want %q", source, got.records, want)
		}
	}
}

// Records of many lengths, so that every place in a line falls on a border of the buffer at some time.
func TestRecordsAcrossBufferBorders(t *testing.T) {
	var text strings.Builder
	var want []string
	text.WriteString("bytes vpc-id\n")
	for i := range 20_000 {
		id := strings.Repeat("v", 1+i%97)
		fmt.Fprintf(&text, "%d %s\n", i, id)
		want = append(want, fmt.Sprintf("bytes=%d vpc-id=%s", i, id))
	}
	if text.Len() < 4*scanBuffer {
		t.Fatalf("the text has %d bytes, too few to fill the buffer often", text.Len())
	}
	for source, open := range sources() {
		if source == "one byte" {
			continue // Half a million reads, and none of them ends where the buffer does.
		}
		s := NewScanner(nil, ScannerConfig{})
		open(s, text.String())
		var got []string
		for s.Next() {
			r, err := s.Record()
			if err != nil {
				t.Fatalf("%s: record %d: %v", source, len(got), err)
			}
			got = append(got, fmt.Sprintf("bytes=%d vpc-id=%s", r.Bytes, r.VPCID))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %d records, want %d, and each as it was written", source, len(got), len(want))
		}
	}
}

func TestLongLineWhereTheHeaderShouldBe(t *testing.T) {
	long := strings.Repeat("x", MaxLine+1)
	for source, open := range sources() {
		s := NewScanner(nil, ScannerConfig{})
		open(s, long+"\nsrcport\n1\n")
		if got := scanAll(t, s); !errors.Is(got.err, ErrHeader) || len(got.records) != 0 {
			t.Errorf("%s: got %q, %v; want ErrHeader", source, got.records, got.err)
		}
		s = NewScanner(nil, ScannerConfig{Format: mustFormat(t, "srcport")})
		open(s, long+"\n1\n")
		if got := scanAll(t, s); !slices.Equal(got.records, []string{"line_too_long", "srcport=1"}) || got.err != nil {
			t.Errorf("%s, with a format: got %q, %v; want the line counted and the next one read", source, got.records, got.err)
		}
	}
}
