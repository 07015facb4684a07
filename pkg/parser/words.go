package parser

import (
	"encoding/binary"
	"math/bits"
)

// Text is looked at eight bytes at a time, as a number whose lowest byte is the first. In a mask the highest bit of a byte says yes about that byte;
// no step carries from one byte into the next, so a mask says nothing wrong about any of them.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
	lows  = 0x7f * ones
)

func load8(text []byte, at int) uint64 { return binary.LittleEndian.Uint64(text[at:]) }

// upToSpace masks the bytes that are no higher than a space: separators, newlines, and control bytes that are neither.
func upToSpace(w uint64) uint64 { return ^(w&lows + (0x7f-' ')*ones | w) & highs }

// noDigits masks the bytes that are not decimal digits; the digits themselves must have been brought down to 0 to 9.
func noDigits(w uint64) uint64 { return (w&lows + (0x7f-9)*ones | w) & highs }

// gather makes a mask one bit for each byte, the lowest for the first.
func gather(mask uint64) uint64 { return mask >> 7 * 0x0102040810204080 >> 56 }

// window is upToSpace of 64 bytes, one bit for each.
func window(b *[64]byte) uint64 {
	return gather(upToSpace(load8(b[0:], 0))) | gather(upToSpace(load8(b[8:], 0)))<<8 |
		gather(upToSpace(load8(b[16:], 0)))<<16 | gather(upToSpace(load8(b[24:], 0)))<<24 |
		gather(upToSpace(load8(b[32:], 0)))<<32 | gather(upToSpace(load8(b[40:], 0)))<<40 |
		gather(upToSpace(load8(b[48:], 0)))<<48 | gather(upToSpace(load8(b[56:], 0)))<<56
}

// windowAt is that of up to 64 bytes of text. When there are less, bytes before them are loaded again rather than each for itself.
func windowAt(text []byte, at int) uint64 {
	rest := len(text) - at
	switch {
	case rest >= 64:
		return window((*[64]byte)(text[at:]))
	case at > 0:
		return window((*[64]byte)(text[len(text)-64:])) >> (64 - rest)
	}
	var b [64]byte
	copy(b[:], text)
	return window(&b) & (1<<rest - 1)
}

// maxCuts bounds the columns of a line that is cut in one go; there are fewer than that of fields.
const maxCuts = 128

// cuts are where the values of a line begin, and one more, as if another value followed the last.
type cuts [maxCuts]uint32

// cut finds the values of a line that is as AWS writes it: as many as there are columns, with one space between them and nothing else. It is false
// for every other line, which may be well-formed all the same: runs of spaces, tabs, more columns or more bytes than cuts can hold.
func (at *cuts) cut(line []byte, columns int) bool {
	if columns >= maxCuts || len(line) == 0 || len(line) > MaxLine {
		return false
	}
	values, odd, before := 1, byte(0), uint64(1)
	for base := 0; base < len(line); base += 64 {
		found := windowAt(line, base)
		if found&(found<<1|before) != 0 || values > columns {
			return false
		}
		for before = found >> 63; found != 0; found &= found - 1 {
			i := base + bits.TrailingZeros64(found)
			odd |= line[i] ^ ' '
			at[values%maxCuts] = uint32(i + 1)
			values++
		}
	}
	at[0], at[columns] = 0, uint32(len(line)+1)
	return odd == 0 && values == columns && line[len(line)-1] > ' '
}
