package inflate

import "math/bits"

// A decoding table is indexed with the next bits of the input, as many as the table is wide. A code that is longer than that has its end in a subtable
// behind the table. Entries, from the lowest bit:
//
//	0-7    bits that the symbol takes: its code and its extra bits
//	8-11   bits of the code alone; in a pointer to a subtable, its width
//	13-15  flags
//	16-    what the symbol means: a literal, the least length, the least distance; in a pointer, where the subtable begins
//	31     a literal, so that it is told by the sign
const (
	flagLiteral  = 1 << 31
	flagSpecial  = 1 << 15 // Neither literal nor length nor distance. Alone, it is a code that must not come.
	flagSubtable = 1 << 14
	flagEnd      = 1 << 13 // Of the block.
	valueShift   = 16
)

// Widths of the tables, in bits, and their sizes with subtables in the worst case.
// Source of the sizes: https://github.com/madler/zlib/blob/master/examples/enough.c with the arguments (288 11 15), (32 8 15) and (19 7 7).
const (
	lengthsBits = 7
	lengthsSize = 128
	litlenBits  = 11
	litlenSize  = 2342
	distBits    = 8
	distSize    = 402

	maxCode   = 15 // The longest code, in bits.
	maxLitlen = 288
	maxDist   = 32
)

// alphabet is what the symbols of a code mean, as entries without lengths.
type alphabet []uint32

// entry is that of a symbol whose code has n bits, or has n bits in its subtable.
func (a alphabet) entry(symbol uint16, n int) uint32 { return a[symbol] + uint32(n)<<8 + uint32(n) }

// subentry is where a pointer to a subtable points to, with the bits of the code that come next.
func subentry(e uint32, next uint64) uint64 { return uint64(e>>valueShift) + next&(1<<(e>>8&63)-1) }

// extra is the value of the extra bits, of bits that begin with the code; in a subtable, with the rest of it.
func extra(e uint32, bits uint64) uint64 { return bits & (1<<(e&63) - 1) >> (e >> 8 & 63) }

// builder makes tables. Its memory is used again.
type builder struct {
	count  [maxCode + 1]uint16 // Codes of each length.
	sorted [maxLitlen]uint16   // Symbols that have a code, by its length.
}

// build fills a table for codes of the given lengths, 0 for none. It is false when they are more than fit, or fewer: RFC 1951 allows no code that
// is incomplete but that of one symbol, in one bit. A table without codes is good as long as it is not used.
func (b *builder) build(table []uint32, width int, symbols alphabet, lengths []uint8) bool {
	used := b.sort(lengths)
	size := 1 << width
	left := 1 << maxCode
	for n := 1; n <= maxCode; n++ {
		left -= int(b.count[n]) << (maxCode - n)
	}
	switch {
	case left == 0:
		b.fill(table, width, symbols)
		return true
	case used == 0 || used == 1 && b.count[1] == 1:
		for i := range size {
			table[i] = flagSpecial + 1<<8 + 1
		}
		if used == 1 {
			for i := 0; i < size; i += 2 {
				table[i] = symbols.entry(b.sorted[0], 1)
			}
		}
		return true
	}
	return false
}

// sort returns how many symbols have a code.
func (b *builder) sort(lengths []uint8) int {
	clear(b.count[:])
	for _, n := range lengths {
		b.count[n&maxCode]++
	}
	b.count[0] = 0
	var next [maxCode + 1]uint16
	for n := 1; n < maxCode; n++ {
		next[n+1] = next[n] + b.count[n]
	}
	for symbol, n := range lengths {
		if n != 0 {
			b.sorted[next[n&maxCode]] = uint16(symbol)
			next[n&maxCode]++
		}
	}
	return int(next[maxCode])
}

// fill lays out a complete code. The table begins as wide as the shortest code and is doubled up to its width: what a short code fills is copied, not
// computed. Codes are kept with their first bit lowest, as the input has them.
func (b *builder) fill(table []uint32, width int, symbols alphabet) {
	code, n, i := uint32(0), 1, 0
	size := 2
	for ; n <= width; n++ {
		for range b.count[n] {
			table[code] = symbols.entry(b.sorted[i], n)
			code = following(code, n)
			i++
		}
		if n < width {
			copy(table[size:], table[:size])
			size *= 2
		}
	}
	b.subtables(table, width, symbols, code, i)
}

// subtables lays out the codes that are longer than the table is wide, from the i-th symbol on. They hold no symbols that must not come: those have codes
// only among the fixed ones, which are short.
func (b *builder) subtables(table []uint32, width int, symbols alphabet, code uint32, i int) {
	prefix, start, end := ^uint32(0), 0, 1<<width
	mask := uint32(1)<<width - 1
	for n := width + 1; n <= maxCode; n++ {
		for k := range b.count[n] {
			if code&mask != prefix {
				prefix = code & mask
				subwidth := b.subwidth(n, width, int(b.count[n]-k))
				start, end = end, end+1<<subwidth
				table[prefix] = uint32(start)<<valueShift | flagSpecial | flagSubtable | uint32(subwidth)<<8 | uint32(width)
			}
			entry := symbols.entry(b.sorted[i], n-width)
			for at := start + int(code>>width); at < end; at += 1 << (n - width) {
				table[at] = entry
			}
			code = following(code, n)
			i++
		}
	}
}

// subwidth is how wide the subtable must be that begins with a code of n bits, of which there are some left.
func (b *builder) subwidth(n, width, left int) int {
	w := n - width
	for used := left; used < 1<<w; used = used<<1 + int(b.count[width+w]) {
		w++
	}
	return w
}

// following is the next code of n bits, all of which are reversed; after the last one it is 0.
func following(code uint32, n int) uint32 {
	last := uint32(1)<<n - 1
	if code == last {
		return 0
	}
	top := uint32(1) << (bits.Len32(code^last) - 1)
	return code&(top-1) | top
}
