package parser

// newKernels are those in AVX2, where the processor and the operating system have it.
func newKernels() kernels {
	if !hasAVX2() {
		return wordKernels()
	}
	s := newShapes()
	return kernels{
		index: func(text []byte, from, blocks int, at []uint32) (int, int, bool) {
			_, _ = text[from+64*blocks-1], at[32*blocks+indexSlack-1]
			return indexAVX2(&text[from], blocks, uint32(from), &at[0])
		},
		numbers: func(text []byte, at []uint32, stride, rows int, limit uint64, out *[blockLines]uint64) uint64 {
			checkColumn(text, at, stride, rows)
			return numbersAVX2(&text[0], &at[0], stride, rows, limit, &out[0])
		},
		addresses: func(text []byte, at []uint32, stride, rows int, out *[blockLines]uint32) uint64 {
			checkColumn(text, at, stride, rows)
			return addressesAVX2(&text[0], &at[0], stride, rows, s, &out[0])
		},
	}
}

// checkColumn panics when the assembly would touch what is not its own, at the first or the last row. The others are between them, because an index of the same text
// only goes up.
func checkColumn(text []byte, at []uint32, stride, rows int) {
	last := at[(rows-1)*stride : (rows-1)*stride+2]
	_, _, _ = text[at[1]-kernelMargin], text[last[0]+kernelMargin], [blockLines]byte{}[rows-1]
}

//go:noescape
func indexAVX2(text *byte, blocks int, base uint32, at *uint32) (n, lines int, odd bool)

//go:noescape
func numbersAVX2(text *byte, at *uint32, stride, rows int, limit uint64, out *uint64) (bad uint64)

//go:noescape
func addressesAVX2(text *byte, at *uint32, stride, rows int, shapes *shapes, out *uint32) (bad uint64)

func cpuid(leaf, sub uint32) (a, b, c, d uint32)

func xgetbv() uint32

// hasAVX2 also wants BMI1, BMI2 and POPCNT, which every processor with AVX2 has, and registers that the operating system saves.
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, section 14.3.
func hasAVX2() bool {
	const (
		popcnt, osxsave, avx = 1 << 23, 1 << 27, 1 << 28 // Leaf 1, c.
		bmi1, avx2, bmi2     = 1 << 3, 1 << 5, 1 << 8    // Leaf 7, b.
		saved                = 1<<1 | 1<<2
	)
	if last, _, _, _ := cpuid(0, 0); last < 7 {
		return false
	}
	_, _, c, _ := cpuid(1, 0)
	if c&(popcnt|osxsave|avx) != popcnt|osxsave|avx || xgetbv()&saved != saved {
		return false
	}
	_, b, _, _ := cpuid(7, 0)
	return b&(bmi1|avx2|bmi2) == bmi1|avx2|bmi2
}

// shape is how the digits of an address lie whose four octets have so many digits each.
type shape struct {
	order [16]uint8 // Of the bytes: hundreds, tens, ones, nothing for each octet. 0x80 is a zero.
	lead  [16]uint8 // 0xff where a zero is one in front.
	ends  uint32    // A bit for each dot and for the byte behind the address.
	_     [28]byte
}

// shapes is every one of the 81, where a multiplication of its ends says: the factor was found by trying.
type shapes [256]shape

func newShapes() *shapes {
	s := new(shapes)
	for i := range 81 {
		digits := [4]int{i%3 + 1, i/3%3 + 1, i/9%3 + 1, i/27 + 1}
		var one shape
		at := 0
		for octet, n := range digits {
			for place := range 4 {
				one.order[4*octet+place] = 0x80
				if from := place - (3 - n); from >= 0 && place < 3 {
					one.order[4*octet+place] = uint8(at + from)
				}
			}
			if n > 1 {
				one.lead[4*octet+3-n] = 0xff
			}
			at += n
			one.ends |= 1 << at
			at++
		}
		s[one.ends*0x5e83b7b2>>24] = one
	}
	return s
}
