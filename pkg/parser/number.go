package parser

import "math"

// uintAt reads the decimal number in line[start:end], of at most limit. What stands before it in the line is there to be loaded with it, and does
// not matter.
func uintAt(line []byte, start, end int, limit uint64) (uint64, Reason, bool) {
	n := end - start
	if n <= 8 && end >= 8 {
		if v, ok := eightDigits(load8(line, end-8), n); ok && v <= limit {
			return v, 0, true
		}
	} else if n <= 16 && end >= 16 {
		high, ok := eightDigits(load8(line, end-16), n-8)
		low, ok2 := eightDigits(load8(line, end-8), 8)
		if v := high*1e8 + low; ok && ok2 && v <= limit {
			return v, 0, true
		}
	}
	return parseUint(line[start:end], limit)
}

// eightDigits reads the last n of eight bytes, 1 to 8: neighbours become a number of two digits, these one of four, these the result.
func eightDigits(w uint64, n int) (uint64, bool) {
	others := uint(8-n) * 8 & 63
	w = (w ^ '0'*ones) >> others << others // The others are zeros in front now.
	if noDigits(w) != 0 {
		return 0, false
	}
	w = w*10 + w>>8
	const pairs = 0x000000ff000000ff
	return (w&pairs*(100+1e6<<32) + w>>16&pairs*(1+1e4<<32)) >> 32, true
}

// parseUint reads a decimal number of at most limit; it is 0 when it is none. What has another byte than a digit anywhere is no number,
// however long it is; a sign is not part of any flow log number. It knows why a number is bad; [uintAt] is the fast way.
func parseUint(value []byte, limit uint64) (uint64, Reason, bool) {
	v, overflow := uint64(0), false
	for _, c := range value {
		d := uint64(c - '0')
		if d > 9 {
			return 0, BadNumber, false
		}
		if v >= math.MaxUint64/10 {
			overflow = overflow || v > math.MaxUint64/10 || d > math.MaxUint64%10
		}
		v = v*10 + d
	}
	if overflow || v > limit {
		return 0, OutOfRange, false
	}
	return v, 0, true
}
