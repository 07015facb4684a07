package inflate

// symbols are the alphabets of RFC 1951, sections 3.2.5 and 3.2.7, as entries of a table without the lengths of their codes.
type symbols struct {
	litlen  [maxLitlen]uint32
	dist    [maxDist]uint32
	lengths [19]uint32
}

const (
	endOfBlock  = 256
	minMatch    = 3
	maxMatch    = 258
	maxDistance = 32 << 10
)

func newSymbols() *symbols {
	s := new(symbols)
	for i := range endOfBlock {
		s.litlen[i] = flagLiteral | uint32(i)<<valueShift
	}
	s.litlen[endOfBlock] = flagSpecial | flagEnd
	ranges(s.litlen[endOfBlock+1:285], minMatch, 4)
	s.litlen[285] = maxMatch << valueShift // One that the rule does not give.
	s.litlen[286], s.litlen[287] = flagSpecial, flagSpecial
	ranges(s.dist[:30], 1, 2)
	s.dist[30], s.dist[31] = flagSpecial, flagSpecial
	for i := range s.lengths {
		s.lengths[i] = uint32(i) << valueShift
	}
	return s
}

// ranges gives symbols their least value and their extra bits: none for the first two groups, then one more with each group.
func ranges(symbols []uint32, least, group int) {
	for i := range symbols {
		extra := max(0, i/group-1)
		symbols[i] = uint32(least)<<valueShift | uint32(extra)
		least += 1 << extra
	}
}
