package parser

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// slowCut is the obvious way to cut a line that has one space between its values and no other separator; nil when it is not such a line.
func slowCut(line string) (starts []int) {
	if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' }) {
		return nil
	}
	for _, value := range strings.Split(line, " ") {
		if value == "" {
			return nil
		}
		last := len(starts) - 1
		if last < 0 {
			starts = []int{0, len(value) + 1}
		} else {
			starts = append(starts, starts[last]+len(value)+1)
		}
	}
	return starts
}

func mustCutAs(t *testing.T, line string, columns int) (cut bool) {
	t.Helper()
	var at cuts
	want, cut := slowCut(line), at.cut([]byte(line), columns)
	if wantCut := len(want)-1 == columns && columns < maxCuts && len(line) > 0 && len(line) <= 65536; cut != wantCut {
		t.Fatalf("%q with %d columns: cut is %v, want %v", line, columns, cut, wantCut)
	}
	for i := range columns + 1 {
		if cut && int(at[i]) != want[i] {
			t.Fatalf("%q: value %d begins at %d, want %d", line, i, at[i], want[i])
		}
	}
	return cut
}

// TestCutFindsEverySpace has a space, a run, or another separator at every place of lines of every length around the blocks of 64.
func TestCutFindsEverySpace(t *testing.T) {
	looked := 0
	for n := range 140 {
		line := strings.Repeat("\xa0", n) // Its lower half is a space.
		mustCutAs(t, line, 1)
		for i := range n {
			for _, with := range []string{" ", "\t", "\r", "\n", "\x00", "\x1f", "!", "\x7f", "\x80", "\xff", "  ", " \t"} {
				changed := line[:i] + with + line[min(i+len(with), n):]
				for columns := range 4 {
					if mustCutAs(t, changed, columns) {
						looked++
					}
				}
			}
		}
	}
	if looked < 10_000 {
		t.Errorf("only %d lines were cut", looked)
	}
}

func TestCutHasRoomForAllFields(t *testing.T) {
	for columns := range 2 * maxCuts {
		line := strings.Repeat("1 ", columns) + "1"
		if got, want := mustCutAs(t, line, columns+1), columns+1 < maxCuts; got != want {
			t.Errorf("%d columns: cut is %v, want %v", columns+1, got, want)
		}
	}
	if maxCuts <= NumFields {
		t.Errorf("got room for %d columns, and there are %d fields", maxCuts-1, NumFields)
	}
	for _, n := range []int{65535, 65536, 65537} {
		mustCutAs(t, "1 "+strings.Repeat("x", n-2), 2)
	}
}

func FuzzCut(f *testing.F) {
	for _, c := range wellFormed() {
		f.Add(c.line, uint8(strings.Count(c.line, " ")+1))
	}
	for _, bad := range malformed() {
		f.Add(bad.line, uint8(strings.Count(bad.line, " ")+1))
	}
	f.Fuzz(func(t *testing.T, line string, columns uint8) { mustCutAs(t, line, int(columns)) })
}

// around puts a value between others, with more and less to load on both sides of it.
func around(value string) (lines []string, starts []int) {
	for _, before := range []string{"", "1 ", "11111 ", "2 123456789012 eni-0a "} {
		for _, after := range []string{"", " 1", " 9999999999999999"} {
			lines, starts = append(lines, before+value+after), append(starts, len(before))
		}
	}
	return lines, starts
}

func mustReadUint(t *testing.T, value string, limit uint64) {
	t.Helper()
	want, wantReason, wantOK := parseUint([]byte(value), limit)
	lines, starts := around(value)
	for i, line := range lines {
		got, reason, ok := uintAt([]byte(line), starts[i], starts[i]+len(value), limit)
		if got != want || reason != wantReason || ok != wantOK {
			t.Fatalf("%q in %q, at most %d: got %d, %v, %v; want %d, %v, %v", value, line, limit, got, reason, ok, want, wantReason, wantOK)
		}
	}
}

// TestUintOfEveryLength has numbers of 1 to 25 digits, each with every byte at every place.
func TestUintOfEveryLength(t *testing.T) {
	for n := 1; n <= 25; n++ {
		for i := range n {
			for c := range 256 {
				digits := slices.Repeat([]byte("1234567890"), 3)[:n]
				digits[i] = byte(c)
				mustReadUint(t, string(digits), 1<<64-1)
			}
		}
		for _, limit := range []uint64{1<<64 - 1, 1<<63 - 1, 1<<31 - 1, 1<<16 - 1, 1<<8 - 1} {
			mustReadUint(t, strings.Repeat("9", n), limit)
			mustReadUint(t, strings.Repeat("0", n), limit)
			mustReadUint(t, fmt.Sprintf("%0*d", n, limit), limit)
			mustReadUint(t, fmt.Sprintf("%0*d", n, limit+1), limit)
		}
	}
}

func FuzzUint(f *testing.F) {
	for _, value := range []string{"0", "00000000", "18446744073709551615", "18446744073709551616", "4294967296", "1234567x", "/0", ":0", "\x80\x81"} {
		f.Add(value, uint64(1<<64-1))
		f.Add(value, uint64(1<<16-1))
	}
	f.Fuzz(func(t *testing.T, value string, limit uint64) {
		if value != "" {
			mustReadUint(t, value, limit)
		}
	})
}

func mustReadAddr(t *testing.T, value string) {
	t.Helper()
	want, err := netip.ParseAddr(value)
	wantOK := err == nil && want.Zone() == ""
	lines, starts := around(value)
	for i, line := range lines {
		got, ok := addrAt([]byte(line), starts[i], starts[i]+len(value))
		if ok != wantOK || ok && got != AddrOf(want) {
			t.Fatalf("%q in %q: got %v, %v; want %v, %v", value, line, got, ok, want, err)
		}
	}
}

// TestEveryOctet has each number of up to four digits, and everything that is no number, at each place of an address.
func TestEveryOctet(t *testing.T) {
	octets := []string{"", "-", "x", "1x", "x1", "0x1", "/", ":", "1:", "1/", "\xae", "1.", ".", "1 ", " ", "0000", "00000000"}
	for n := range 1300 {
		octets = append(octets, fmt.Sprint(n), fmt.Sprintf("%02d", n), fmt.Sprintf("%03d", n))
	}
	for i := range 4 {
		for _, o := range octets {
			for _, others := range []string{"0", "7", "10", "255", "256", "01"} {
				parts := []string{others, others, others, others}
				parts[i] = o
				mustReadAddr(t, strings.Join(parts, "."))
			}
		}
	}
}

func FuzzAddr(f *testing.F) {
	for _, value := range []string{"10.0.0.1", "255.255.255.255", "1.2.3.4.", "1..3.4", "1.2.3", "1.2.3.4x", "::ffff:10.0.0.1", "2001:db8::1", "fe80::1%a", "1,2.3.4"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if value != "" {
			mustReadAddr(t, value)
		}
	})
}
