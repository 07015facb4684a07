package parser

import (
	"net/netip"
	"unsafe"
)

// parseAddr reads an address without allocating. IPv4, nine in ten, has a loop of its own; it accepts exactly what [netip.ParseAddr] does.
func parseAddr(value []byte) (netip.Addr, bool) {
	if a, ok := parseIPv4(value); ok {
		return a, true
	}
	if !looksLikeIPv6(value) {
		return netip.Addr{}, false
	}
	// The string does not outlive the call: ParseAddr keeps only the zone of an address, and looksLikeIPv6 lets no zone through.
	a, err := netip.ParseAddr(unsafe.String(unsafe.SliceData(value), len(value)))
	return a, err == nil
}

func parseIPv4(value []byte) (netip.Addr, bool) {
	var b [4]byte
	part, digits, v := 0, 0, 0
	for _, c := range value {
		switch {
		case c-'0' <= 9:
			if digits > 0 && v == 0 { // A leading zero: some read it as octal, netip refuses it.
				return netip.Addr{}, false
			}
			v = v*10 + int(c-'0')
			if digits++; v > 255 {
				return netip.Addr{}, false
			}
		case c == '.' && digits > 0 && part < 3:
			b[part] = byte(v)
			part, digits, v = part+1, 0, 0
		default:
			return netip.Addr{}, false
		}
	}
	b[3] = byte(v)
	return netip.AddrFrom4(b), part == 3 && digits > 0
}

// looksLikeIPv6 keeps text out that would make ParseAddr build an error, which allocates, or keep a zone.
func looksLikeIPv6(value []byte) bool {
	const longest = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
	colons := 0
	for _, c := range value {
		switch {
		case c == ':':
			colons++
		case c-'0' <= 9, c|0x20 >= 'a' && c|0x20 <= 'f', c == '.':
		default:
			return false
		}
	}
	return colons >= 2 && len(value) <= longest
}
