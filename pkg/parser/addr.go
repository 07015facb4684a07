package parser

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// mapped is the lower half of the prefix ::ffff:0:0/96, which IPv4 addresses have in their IPv6-mapped form.
// Source: RFC 4291, section 2.5.5.2.
const mapped = 0xffff << 32

// Addr is an IPv4 or IPv6 address as two words, IPv4 in its IPv6-mapped form: cheap to store, to compare and to hash, and without a pointer. The zero
// value is `::`; it is also what a record has that lacks the field, see [Record.Has].
type Addr struct{ Hi, Lo uint64 }

// AddrOf forgets the zone, and whether an IPv4 address was written in its IPv6-mapped form.
func AddrOf(a netip.Addr) Addr {
	b := a.As16()
	return addr16(&b)
}

// Netip is IPv4 again if it was.
func (a Addr) Netip() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return netip.AddrFrom16(b).Unmap()
}

// String is the address as [netip.Addr.String] has it.
func (a Addr) String() string { return a.Netip().String() }

func addr4(v uint32) Addr { return Addr{0, mapped | uint64(v)} }

func addr16(b *[16]byte) Addr {
	return Addr{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// addrAt reads the address in line[start:end]. What stands behind it in the line is there to be loaded with it, and does not matter.
func addrAt(line []byte, start, end int) (Addr, bool) {
	if start+16 <= len(line) {
		if v, ok := dotted((*[16]byte)(line[start:]), end-start); ok {
			return addr4(v), true
		}
	}
	return parseAddr(line[start:end])
}

// dotted reads an IPv4 address of n bytes, whose first octet becomes the highest. It is false too for one that [parseIPv4] may read.
// Octets of private networks are short and alike, so that branches are foreseen: reading all four at once, by words, was slower.
func dotted(text *[16]byte, n int) (v uint32, ok bool) {
	i := 0
	for octets := 1; ; octets++ {
		octet := uint32(text[i&15] - '0')
		if octet > 9 {
			return 0, false
		}
		i++
		if digit := uint32(text[i&15] - '0'); digit <= 9 {
			if octet == 0 { // Some read a leading zero as octal, netip refuses it.
				return 0, false
			}
			octet = octet*10 + digit
			i++
			if digit := uint32(text[i&15] - '0'); digit <= 9 {
				octet = octet*10 + digit
				i++
			}
		}
		v = v<<8 | octet&0xff
		if octet > 255 || octets == 4 || text[i&15] != '.' {
			return v, octet <= 255 && octets == 4 && i == n
		}
		i++
	}
}

// parseAddr reads an address. It accepts what [netip.ParseAddr] does, with the same result, except for zones (`fe80::1%eth0`), which no flow log
// has. It is here because ParseAddr wants a string and allocates for each error: a hostile object would cost garbage line by line.
func parseAddr(value []byte) (Addr, bool) {
	if b, ok := parseIPv4(value); ok {
		return addr4(binary.BigEndian.Uint32(b[:])), true
	}
	if b, ok := parseIPv6(value); ok {
		return addr16(&b), true
	}
	return Addr{}, false
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
