package inflate

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

// bitWriter writes DEFLATE data by hand, the good and the bad.
type bitWriter struct {
	b    []byte
	free int // Bits of the last byte that are not written yet.
}

// put writes the low n bits of v, the lowest first.
func (w *bitWriter) put(v uint, n int) *bitWriter {
	for range n {
		if w.free == 0 {
			w.b, w.free = append(w.b, 0), 8
		}
		w.b[len(w.b)-1] |= byte(v&1) << (8 - w.free)
		w.free--
		v >>= 1
	}
	return w
}

// align goes to the next byte.
func (w *bitWriter) align() *bitWriter {
	w.free = 0
	return w
}

func (w *bitWriter) stored(final uint, text []byte) *bitWriter {
	w.put(final, 1).put(0, 2).align().put(uint(len(text)), 16).put(^uint(len(text)), 16)
	w.b = append(w.b, text...)
	return w
}

// code is a Huffman code: codewords as they are written, by symbol.
type code struct {
	length []uint8
	word   []uint
}

// codeOf is the canonical code of the lengths, also when they make none.
func codeOf(lengths []uint8) code {
	c := code{lengths, make([]uint, len(lengths))}
	next := uint(0)
	for n := uint8(1); n <= maxCode; n++ {
		for symbol, length := range lengths {
			if length == n {
				c.word[symbol] = uint(bits.Reverse16(uint16(next))) >> (16 - n)
				next++
			}
		}
		next <<= 1
	}
	return c
}

func fixedCodes() (litlen, dist code) {
	d := newDeflate()
	if err := d.beginFixed(); err != nil {
		panic(err)
	}
	return codeOf(d.lengths[:maxLitlen]), codeOf(d.lengths[maxLitlen:])
}

func (w *bitWriter) symbol(c code, symbol int) *bitWriter {
	return w.put(c.word[symbol], int(c.length[symbol]))
}

// match writes a match with the last symbols that can begin it.
func (w *bitWriter) match(litlen, dist code, length, distance int) *bitWriter {
	s := newSymbols()
	return w.ranged(litlen, s.litlen[:286], 257, length).ranged(dist, s.dist[:30], 0, distance)
}

func (w *bitWriter) ranged(c code, entries []uint32, first, value int) *bitWriter {
	for symbol := len(entries) - 1; symbol >= first; symbol-- {
		if base := int(entries[symbol] >> valueShift); base <= value {
			return w.symbol(c, symbol).put(uint(value-base), int(entries[symbol]&0xff))
		}
	}
	panic("there is no such value")
}

// dynamic begins a block of codes of its own. Every length is written in four bits.
func (w *bitWriter) dynamic(final uint, litlen, dist []uint8) *bitWriter {
	w.put(final, 1).put(2, 2).put(uint(len(litlen)-257), 5).put(uint(len(dist)-1), 5).put(15, 4)
	for i := range 19 { // 16 to 18 come first, and are not used.
		w.put(map[bool]uint{true: 0, false: 4}[i < 3], 3)
	}
	lengths := codeOf([]uint8{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0})
	for _, n := range append(append([]uint8{}, litlen...), dist...) {
		w.symbol(lengths, int(n))
	}
	return w
}

// randomLengths is a complete code for some symbols of an alphabet, must among them; with skew, codes are as long as they can be.
func randomLengths(r *rand.Rand, size, must int, skew float64) []uint8 {
	lengths := make([]uint8, size)
	leaves := []uint8{1, 1}
	for len(leaves) < 2+r.IntN(size-1) {
		i := r.IntN(len(leaves))
		if r.Float64() < skew {
			i = len(leaves) - 1
		}
		if leaves[i] == maxCode {
			break
		}
		leaves[i]++
		leaves = append(leaves, leaves[i])
	}
	symbols := r.Perm(size)
	for i, symbol := range symbols {
		if symbol == must {
			symbols[0], symbols[i] = symbols[i], symbols[0]
		}
	}
	r.Shuffle(len(leaves), func(i, j int) { leaves[i], leaves[j] = leaves[j], leaves[i] })
	for i, n := range leaves {
		lengths[symbols[i]] = n
	}
	return lengths
}

// randomBlock writes a block of random codes and symbols, and returns the text with that of the block behind it.
func (w *bitWriter) randomBlock(r *rand.Rand, final uint, text []byte) []byte {
	litlen := codeOf(randomLengths(r, 286, endOfBlock, r.Float64()))
	dist := codeOf(randomLengths(r, 30, 0, r.Float64()))
	w.dynamic(final, litlen.length, dist.length)
	s := newSymbols()
	used := usedSymbols(litlen)
	for range r.IntN(30_000) {
		symbol := used[r.IntN(len(used))]
		if symbol == endOfBlock {
			continue
		}
		if symbol < endOfBlock {
			w.symbol(litlen, symbol)
			text = append(text, byte(symbol))
			continue
		}
		d := r.IntN(30)
		distance, extra := pick(r, s.dist[d])
		if dist.length[d] == 0 || distance > len(text) {
			continue
		}
		length, lengthExtra := pick(r, s.litlen[symbol])
		w.symbol(litlen, symbol).put(uint(lengthExtra), int(s.litlen[symbol]&0xff))
		w.symbol(dist, d).put(uint(extra), int(s.dist[d]&0xff))
		for range length {
			text = append(text, text[len(text)-distance])
		}
	}
	w.symbol(litlen, endOfBlock)
	return text
}

// longCodes is a code with one codeword of each length up to 14 bits, and two of 15: for the symbols in this order.
func longCodes(size int, symbols ...int) code {
	lengths := make([]uint8, size)
	for i, symbol := range symbols {
		lengths[symbol] = uint8(min(i+1, maxCode))
	}
	return codeOf(lengths)
}

// TestLongestCodes has literals, lengths and distances that take as many bits as they can, in every order: the bit buffer is at its emptiest.
func TestLongestCodes(t *testing.T) {
	litlen := longCodes(286, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', endOfBlock, 283, 284)
	dist := longCodes(30, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 27, 28, 29)
	r := rand.New(rand.NewPCG(7, 8))
	text := make([]byte, maxDistance)
	for i := range text {
		text[i] = byte(r.Uint32())
	}
	w := new(bitWriter).stored(0, text).dynamic(1, litlen.length, dist.length)
	for range 20_000 {
		for range r.IntN(5) {
			literal := 'a' + r.IntN(13)*r.IntN(2) // The one of a bit, or any.
			if r.IntN(2) == 0 {
				literal = 'k' // The longest in the table itself.
			}
			w.symbol(litlen, literal)
			text = append(text, byte(literal))
		}
		length, distance := 195+r.IntN(63), 24577+r.IntN(8192)
		w.match(litlen, dist, length, distance)
		for range length {
			text = append(text, text[len(text)-distance])
		}
	}
	w.symbol(litlen, endOfBlock)
	inBothWays(t, NewReader(), "long", member(w.b), string(text))
}

func usedSymbols(c code) (used []int) {
	for symbol, n := range c.length {
		if n > 0 {
			used = append(used, symbol)
		}
	}
	return used
}

// pick is a value of a symbol, and the extra bits that say which.
func pick(r *rand.Rand, entry uint32) (value, extra int) {
	extra = r.IntN(1 << (entry & 0xff))
	return int(entry>>valueShift) + extra, extra
}

// TestRandomCodes has codes that no encoder makes: of any shape up to 15 bits, for any symbols, in blocks of any size.
func TestRandomCodes(t *testing.T) {
	r, z := rand.New(rand.NewPCG(1, 2)), NewReader()
	long := 0
	for i := range 200 {
		var w bitWriter
		var text []byte
		for blocks := 1 + r.IntN(6); blocks > 0; blocks-- {
			if r.IntN(4) == 0 {
				more := make([]byte, r.IntN(2000))
				w.stored(0, more)
				text = append(text, more...)
			}
			text = w.randomBlock(r, map[bool]uint{true: 1}[blocks == 1], text)
		}
		if len(text) > windowSize {
			long++
		}
		inBothWays(t, z, i, member(w.b), string(text))
	}
	if long < 10 {
		t.Errorf("%d texts are longer than the window", long)
	}
}
