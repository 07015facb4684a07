package metrics

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// mapped is the lower half of the prefix ::ffff:0:0/96, which IPv4 addresses have in their IPv6-mapped form.
// Source: RFC 4291, section 2.5.5.2.
const mapped = 0xffff << 32

// addrKey is an address as two words: cheap to compare and to hash. IPv4 is in its IPv6-mapped form.
type addrKey struct{ hi, lo uint64 }

func addrKeyOf(a netip.Addr) addrKey {
	if a.Is4() { // Most are, and this is shorter.
		b := a.As4()
		return addrKey{0, mapped | uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return addrKey{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (k addrKey) addr() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], k.hi)
	binary.BigEndian.PutUint64(b[8:], k.lo)
	return netip.AddrFrom16(b).Unmap()
}

// pairKey is a source and a destination.
type pairKey struct{ src, dst addrKey }

// portKey is a protocol, as its label shows it, and a destination port.
type portKey uint32

func portKeyOf(p protocol, port uint16) portKey { return portKey(p)<<16 | portKey(port) }

func (k portKey) protocol() protocol { return protocol(k >> 16) }
func (k portKey) port() uint16       { return uint16(k) }

// mix is one step of a multiply-and-fold hash. With a secret seed nobody outside can predict which keys collide.
func mix(h, v uint64) uint64 {
	hi, lo := bits.Mul64(h^v, 0x9e3779b97f4a7c15)
	return hi ^ lo ^ h
}

func hashAddr(seed uint64) func(addrKey) uint64 {
	return func(k addrKey) uint64 { return mix(mix(seed, k.hi), k.lo) }
}

func hashPair(seed uint64) func(pairKey) uint64 {
	return func(k pairKey) uint64 { // The two halves do not wait for each other.
		return mix(mix(mix(seed, k.src.hi), k.src.lo), mix(mix(^seed, k.dst.hi), k.dst.lo))
	}
}

func hashPort(seed uint64) func(portKey) uint64 {
	return func(k portKey) uint64 { return mix(seed, uint64(k)) }
}
