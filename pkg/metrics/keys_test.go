package metrics

import (
	"net/netip"
	"slices"
	"testing"

	"flowd/pkg/parser"
)

// TestHashesSpread: the addresses of networks are alike, and their hashes are not, in the upper bits that sketches take.
func TestHashesSpread(t *testing.T) {
	const places, each = 1 << 12, 16
	key := func(n, i int) parser.Addr {
		v := uint32(n)<<24 | uint32(i/256)<<16 | uint32(i%256)
		return parser.AddrOf(netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}))
	}
	key6 := func(i int) parser.Addr { return parser.Addr{Hi: 0x20010db8 << 32, Lo: uint64(i) << 16} }
	for _, seed := range []uint64{0, 1, 0xfeedfacecafebeef} {
		addr, pair := hashAddr(seed), hashPair(seed)
		for name, hash := range map[string]func(i int) uint64{
			"IPv4":                 func(i int) uint64 { return addr(key(10, i)) },
			"IPv6":                 func(i int) uint64 { return addr(key6(i)) },
			"pairs of IPv4":        func(i int) uint64 { return pair(pairKey{key(10, i/256), key(52, i%256)}) },
			"pairs with one end":   func(i int) uint64 { return pair(pairKey{key(10, 7), key(52, i)}) },
			"pairs with two alike": func(i int) uint64 { return pair(pairKey{key(10, i), key(10, i)}) },
			"pairs of IPv6":        func(i int) uint64 { return pair(pairKey{key6(i / 256), key6(i % 256)}) },
		} {
			var keys [places]int
			for i := range places * each {
				keys[hash(i)>>52]++
			}
			if most := slices.Max(keys[:]); most > 4*each {
				t.Fatalf("seed %#x, %s: one place has %d keys, and there are %d for each", seed, name, most, each)
			}
		}
	}
}
