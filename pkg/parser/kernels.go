package parser

import "math/bits"

const (
	kernelMargin = 16 // See kernels.
	indexSlack   = 16 // How many numbers an index may write behind what it found.
)

// kernels are the inner loops over the lines of a block. They look at text that is there to be loaded with a value, kernelMargin bytes before the end of the value and behind its
// start, and say in a bit for each row what they could not read: the caller looks at it with more patience.
type kernels struct {
	// index notes where separators and newlines are in blocks of 64 bytes from a position on, which is the start of a line. Odd is true when there is more: two of them side
	// by side, or control bytes; n and lines mean nothing then.
	index func(text []byte, from, blocks int, at []uint32) (n, lines int, odd bool)
	// numbers reads a column of decimal numbers of up to 16 digits and at most limit. at[0] is the separator before the first of them, at[1] the one behind.
	numbers func(text []byte, at []uint32, stride, rows int, limit uint64, out *[blockLines]uint64) (bad uint64)
	// addresses reads a column of IPv4 addresses; the first octet becomes the highest.
	addresses func(text []byte, at []uint32, stride, rows int, out *[blockLines]uint32) (bad uint64)
}

// wordKernels are those for every processor.
func wordKernels() kernels {
	return kernels{indexWords, numbersWords, addressesBytes}
}

func indexWords(text []byte, from, blocks int, at []uint32) (n, lines int, odd bool) {
	before := uint64(1)
	for ; blocks > 0; blocks, from = blocks-1, from+64 {
		b := (*[64]byte)(text[from:])
		found := window(b)
		if found&(found<<1|before) != 0 {
			return 0, 0, true
		}
		before = found >> 63
		for ; found != 0; found &= found - 1 {
			i := bits.TrailingZeros64(found)
			switch b[i&63] {
			case '\n':
				lines++
			case ' ':
			default:
				odd = true
			}
			at[n] = uint32(from + i)
			n++
		}
	}
	return n, lines, odd
}

func numbersWords(text []byte, at []uint32, stride, rows int, limit uint64, out *[blockLines]uint64) (bad uint64) {
	for row := range rows {
		v, _, ok := uintAt(text, int(at[row*stride])+1, int(at[row*stride+1]), limit)
		out[row%blockLines] = v
		if !ok {
			bad |= 1 << row
		}
	}
	return bad
}

func addressesBytes(text []byte, at []uint32, stride, rows int, out *[blockLines]uint32) (bad uint64) {
	for row := range rows {
		start, end := int(at[row*stride])+1, int(at[row*stride+1])
		v, ok := dotted((*[16]byte)(text[start:]), end-start)
		out[row%blockLines] = v
		if !ok {
			bad |= 1 << row
		}
	}
	return bad
}
