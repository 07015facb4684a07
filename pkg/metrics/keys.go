package metrics

import (
	"math/bits"

	"flowd/pkg/parser"
)

// pairKey is a source and a destination.
type pairKey struct{ src, dst parser.Addr }

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

// fold multiplies the halves of an address, each with a secret word in it. That is one multiplication, and the two of a pair do not wait for each
// other: a record waits for its hashes more than for anything else in a ranking.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// secrets are the words for a pair of addresses.
func secrets(seed uint64) (s [4]uint64) {
	for i := range s {
		seed = mix(seed^0xd1342543de82ef95, uint64(i+1))
		s[i] = seed | 1 // With 0 for the upper half, all IPv4 addresses would have one hash.
	}
	return s
}

func hashAddr(seed uint64) func(parser.Addr) uint64 {
	s := secrets(seed)
	a, b := s[0], s[1]
	return func(k parser.Addr) uint64 { return fold(k.Hi^a, k.Lo^b) }
}

func hashPair(seed uint64) func(pairKey) uint64 {
	s := secrets(seed)
	a, b, c, d := s[0], s[1], s[2], s[3]
	return func(k pairKey) uint64 { return fold(k.src.Hi^a, k.src.Lo^b) + fold(k.dst.Hi^c, k.dst.Lo^d) }
}

func hashPort(seed uint64) func(portKey) uint64 {
	return func(k portKey) uint64 { return mix(seed, uint64(k)) }
}
