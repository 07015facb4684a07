package parser

import (
	"bytes"
	"math/bits"
	"net/netip"
)

// addrAt reads the address in line[start:end]. What stands around it in the line is there to be loaded with it, and does not matter.
func addrAt(line []byte, start, end int) (netip.Addr, bool) {
	if start >= 4 && start+16 <= len(line) && end-start <= len("255.255.255.255") {
		if v, ok := dotted(line, start, end); ok {
			return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), true
		}
	}
	return parseAddr(line[start:end])
}

// dotted reads an IPv4 address whose first byte is the highest. It needs 4 bytes of line before it, and 16 from its beginning on.
func dotted(line []byte, start, end int) (v uint32, ok bool) {
	n := end - start
	dots := gather(noDigits(load8(line, start)^'0'*ones)) | gather(noDigits(load8(line, start+8)^'0'*ones))<<8
	dots &= 1<<n - 1
	if bits.OnesCount64(dots) != 3 {
		return 0, false
	}
	first := start + bits.TrailingZeros64(dots)
	dots &= dots - 1
	second, third := start+bits.TrailingZeros64(dots), start+bits.Len64(dots)-1
	if line[first]&line[second]&line[third] != '.' || line[first]|line[second]|line[third] != '.' {
		return 0, false
	}
	a, badA := octet(line, start, first)
	b, badB := octet(line, first+1, second)
	c, badC := octet(line, second+1, third)
	d, badD := octet(line, third+1, end)
	return uint32(a<<24 | b<<16 | c<<8 | d), badA|badB|badC|badD >= 0
}

// octet reads up to three digits. It is bad, that is below 0, when there are more or none, when the number is above 255, and when it is lower than so many
// digits can be: some read a leading zero as octal, netip refuses it.
func octet(line []byte, start, end int) (v, bad int) {
	n := end - start
	others := uint(4-n) * 8 & 31
	w := int((load4(line, end-4) ^ '0'*0x01010101) >> others << others)
	v = w>>24 + w>>16&0xff*10 + w>>8&0xff*100
	least := [4]int{0, 0, 10, 100}[n&3]
	return v, (n - 1) | (3 - n) | (v - least) | (255 - v)
}

// parseAddr reads an address. It accepts what [netip.ParseAddr] does, with the same result, except for zones (`fe80::1%eth0`), which no flow log
// has. It is here because ParseAddr wants a string and allocates for each error: a hostile object would cost garbage line by line.
func parseAddr(value []byte) (netip.Addr, bool) {
	if b, ok := parseIPv4(value); ok {
		return netip.AddrFrom4(b), true
	}
	if b, ok := parseIPv6(value); ok {
		return netip.AddrFrom16(b), true
	}
	return netip.Addr{}, false
}

func parseIPv4(value []byte) (b [4]byte, ok bool) {
	part, digits, v := 0, 0, 0
	for _, c := range value {
		switch {
		case c-'0' <= 9:
			if digits > 0 && v == 0 { // A leading zero: some read it as octal, netip refuses it.
				return b, false
			}
			v = v*10 + int(c-'0')
			if digits++; v > 255 {
				return b, false
			}
		case c == '.' && digits > 0 && part < 3:
			b[part] = byte(v)
			part, digits, v = part+1, 0, 0
		default:
			return b, false
		}
	}
	b[3] = byte(v)
	return b, part == 3 && digits > 0
}

// parseIPv6 reads what stands before `::` and what stands after it; the rest is zero.
func parseIPv6(value []byte) (b [16]byte, ok bool) {
	head, tail, gap := bytes.Cut(value, []byte("::"))
	n, ok := parseGroups(&b, head, !gap)
	if !ok || !gap {
		return b, ok && n == len(b)
	}
	var end [16]byte
	m, ok := parseGroups(&end, tail, true)
	if !ok || n+m > len(b)-2 { // The gap is one group at least.
		return b, false
	}
	copy(b[len(b)-m:], end[:m])
	return b, true
}

// parseGroups fills b from the front with the groups of text, and says how many bytes they are. The last 32 bits of an address may be written as IPv4.
func parseGroups(b *[16]byte, text []byte, last bool) (n int, ok bool) {
	if len(text) == 0 {
		return 0, true
	}
	for n < len(b) {
		group, digits := parseGroup(text)
		if digits == 0 {
			return 0, false
		}
		if digits < len(text) && text[digits] == '.' {
			v4, ok := parseIPv4(text)
			return n + copy(b[n:], v4[:]), ok && last && n <= 12
		}
		b[n], b[n+1] = byte(group>>8), byte(group)
		n += 2
		if digits == len(text) {
			return n, true
		}
		if text[digits] != ':' {
			return 0, false
		}
		text = text[digits+1:]
	}
	return 0, false
}

// parseGroup reads up to four hexadecimal digits, and says how many there were.
func parseGroup(text []byte) (group uint16, digits int) {
	for _, c := range text[:min(len(text), 4)] {
		d, ok := hexDigit(c)
		if !ok {
			break
		}
		group = group<<4 | uint16(d)
		digits++
	}
	return group, digits
}

func hexDigit(c byte) (byte, bool) {
	if c-'0' <= 9 {
		return c - '0', true
	}
	c |= 0x20 // Lower case.
	return c - 'a' + 10, c >= 'a' && c <= 'f'
}
