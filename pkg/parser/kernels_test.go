package parser

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// columnOf is values one below the other, as kernels see them.
func columnOf(values []string) (text []byte, at []uint32) {
	text = []byte(strings.Repeat("7", kernelMargin) + "\n")
	at = []uint32{kernelMargin}
	for _, v := range values {
		text = append(append(text, v...), '\n')
		at = append(at, uint32(len(text)-1))
	}
	return append(text, strings.Repeat("7", kernelMargin)...), at
}

// eachKernels has those of this machine first.
func eachKernels() map[string]kernels {
	return map[string]kernels{"of this machine": newKernels(), "by words": wordKernels()}
}

// mustReadNumbers wants every number that is good, and a bit for all others. One with more than 16 digits may be left to the caller.
func mustReadNumbers(t *testing.T, values []string, limit uint64) (read int) {
	t.Helper()
	text, at := columnOf(values)
	for name, k := range eachKernels() {
		var out [blockLines]uint64
		bad := k.numbers(text, at, 1, len(values), limit, &out)
		for i, v := range values {
			want, err := strconv.ParseUint(v, 10, 64)
			good := err == nil && want <= limit && v[0] != '+'
			switch isBad := bad>>i&1 != 0; {
			case !isBad && (!good || out[i] != want):
				t.Fatalf("%s: %q of at most %d: got %d", name, v, limit, out[i])
			case isBad && good && len(v) <= 16:
				t.Fatalf("%s: %q of at most %d was not read", name, v, limit)
			case !isBad:
				read++
			}
		}
		if bad>>len(values) != 0 {
			t.Fatalf("%s: got %b for %d values", name, bad, len(values))
		}
	}
	return read
}

func TestKernelsReadNumbers(t *testing.T) {
	read := 0
	for _, limit := range []uint64{math.MaxUint8, math.MaxUint16, math.MaxInt32, math.MaxInt64, math.MaxUint64} {
		read += mustReadNumbers(t, []string{"0", "255", "256", "65535", "65536", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808",
			"18446744073709551615", "18446744073709551616", "00000000000000000000001", "-", "--", "-1", "+1", "1.0", "1e3", "x", strings.Repeat("9", 300)}, limit)
		for n := 1; n <= 20; n++ {
			number := strings.Repeat("1234567890", 2)[:n]
			read += mustReadNumbers(t, []string{number, strings.Repeat("9", n), strings.Repeat("0", n)}, limit)
			for i := range n {
				for _, c := range []byte("/:-.\x00\xb0\xff") {
					mustReadNumbers(t, []string{number[:i] + string([]byte{c}) + number[i+1:]}, limit)
				}
			}
		}
	}
	if read < 300 {
		t.Errorf("only %d numbers were read", read)
	}
}

func mustReadAddresses(t *testing.T, values []string) (read int) {
	t.Helper()
	text, at := columnOf(values)
	for name, k := range eachKernels() {
		var out [blockLines]uint32
		bad := k.addresses(text, at, 1, len(values), &out)
		for i, v := range values {
			want, err := netip.ParseAddr(v)
			good := err == nil && want.Is4()
			switch isBad := bad>>i&1 != 0; {
			case isBad == good:
				t.Fatalf("%s: %q: bad is %v", name, v, isBad)
			case good && addr4(out[i]) != AddrOf(want):
				t.Fatalf("%s: %q: got %v", name, v, addr4(out[i]))
			case good:
				read++
			}
		}
	}
	return read
}

// TestKernelsReadAddresses has every length of every octet, with every byte of it changed.
func TestKernelsReadAddresses(t *testing.T) {
	octets, read := []string{"0", "7", "10", "99", "100", "255", "256", "00", "01", "001", "010", "300", "999", "1000", ""}, 0
	for _, a := range octets {
		for _, b := range octets {
			for _, c := range octets {
				values := []string{}
				for _, d := range octets {
					values = append(values, a+"."+b+"."+c+"."+d)
				}
				read += mustReadAddresses(t, values)
			}
		}
	}
	for _, address := range []string{"1.2.3.4", "10.20.30.40", "192.168.100.200", "1.20.255.0"} {
		for i := range len(address) {
			for _, c := range []byte("/:-. \x00\xb0\xff5") {
				mustReadAddresses(t, []string{address[:i] + string([]byte{c}) + address[i+1:], address[:i] + address[i+1:], address[:i] + "1" + address[i:]})
			}
		}
	}
	mustReadAddresses(t, []string{"-", "::1", "2001:db8::1", "1.2.3", "1.2.3.4.", ".1.2.3.4", "1.2.3.4.5", "1.2.3.45x", strings.Repeat("1", 280), strings.Repeat("1.", 100)})
	if read < 2*1296 {
		t.Errorf("only %d addresses were read", read)
	}
}

// slowIndex is the obvious one.
func slowIndex(text string, from int) (at []uint32, lines int, odd bool) {
	for i, before := range []byte("\n" + text[:len(text)-1]) {
		c := text[i]
		if c > ' ' {
			continue
		}
		at = append(at, uint32(from+i))
		odd = odd || c != ' ' && c != '\n' || before <= ' '
		if c == '\n' {
			lines++
		}
	}
	return at, lines, odd
}

func mustIndex(t *testing.T, text string) (odd bool) {
	t.Helper()
	const from = 5
	want, wantLines, wantOdd := slowIndex(text, from)
	for name, k := range eachKernels() {
		at := make([]uint32, len(text)/2+indexSlack+1)
		at[len(at)-1] = 42
		n, lines, odd := k.index([]byte("12345"+text+"\n "), from, len(text)/64, at)
		if odd != wantOdd || !odd && (lines != wantLines || !slices.Equal(at[:n], want)) {
			t.Fatalf("%s: %q: got %v, %d lines, odd %v; want %v, %d, %v", name, text, at[:n], lines, odd, want, wantLines, wantOdd)
		}
		if at[len(at)-1] != 42 {
			t.Fatalf("%s: %q: wrote behind its room", name, text)
		}
	}
	return wantOdd
}

func TestKernelsIndex(t *testing.T) {
	random, looked, odd := rand.New(rand.NewPCG(1, 2)), 0, 0
	for range 20_000 {
		text := []byte(strings.Repeat("x", 64*(1+random.IntN(4))))
		for range random.IntN(1 + len(text)/3) {
			text[random.IntN(len(text))] = " \n !\xa0"[random.IntN(5)]
		}
		if random.IntN(8) == 0 {
			text[random.IntN(len(text))] = byte(random.IntN(0x21))
		}
		if looked++; mustIndex(t, string(text)) {
			odd++
		}
	}
	for _, text := range []string{strings.Repeat("x ", 64), strings.Repeat(" x", 64), strings.Repeat(" ", 256), strings.Repeat("x\n", 128), strings.Repeat("x", 63) + "\n\n" + strings.Repeat("x", 63)} {
		mustIndex(t, text)
	}
	if odd < 1000 || looked-odd < 1000 {
		t.Errorf("of %d texts %d were odd, want many of both", looked, odd)
	}
}

// FuzzKernels holds those of this machine against those by words: what both read is the same, and what the former do not read is left to the caller, who does.
func FuzzKernels(f *testing.F) {
	f.Add("10.0.0.1", "18446744073709551615", uint64(math.MaxUint64))
	f.Add("255.255.255.256", "0123456789012345", uint64(1))
	f.Fuzz(func(t *testing.T, address, number string, limit uint64) {
		if !strings.ContainsAny(address+number, "\n") && address != "" && number != "" {
			mustReadAddresses(t, []string{address, "10.1.2.3", address})
			mustReadNumbers(t, []string{number, "1", number}, limit)
		}
		text := fmt.Sprintf("%s %s\n", address, number)
		mustIndex(t, (text + strings.Repeat("x", 64))[:len(text)/64*64+64])
	})
}
