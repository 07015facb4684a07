package parser

import "math/bits"

// fill parses the rows. What the kernels and the loops below do not read is left to [Record.fill], value by value.
func (b *block) fill(f *Format) {
	_ = b.records[:b.rows]
	for i := range b.rows {
		r := &b.records[i]
		if r.format != f { // As in [Format.Parse].
			*r = Record{format: f}
		}
		r.present = f.asked
	}
	for _, c := range f.plan {
		at := b.at[b.first+int(c.at):]
		for unread := b.fillColumn(c, at); unread != 0; unread &= unread - 1 {
			b.fillValue(c, at, bits.TrailingZeros64(unread))
		}
	}
}

// fillColumn reads a column, and says in a bit for each row where it did not.
func (b *block) fillColumn(c column, at []uint32) (unread uint64) {
	switch c.kind {
	case kindText:
		return b.fillText(c, at)
	case kindAddr:
		unread = b.kernels.addresses(b.text, at, b.columns, b.rows, &b.addrs)
		storeAddrs(b.records[0].addrOf(c.field), b.addrs[:b.rows])
		return unread
	case kindAction, kindLogStatus, kindDirection:
		return b.fillWords(c, at)
	}
	unread = b.kernels.numbers(b.text, at, b.columns, b.rows, c.kind.limit(), &b.numbers)
	b.fillNumbers(c)
	return unread
}

func (b *block) fillText(c column, at []uint32) (unread uint64) {
	first := b.records[0].textOf(c.field)
	for i := range b.rows {
		start, end := at[i*b.columns]+1, at[i*b.columns+1]
		*fieldOfRecord(first, i) = b.text[start:end]
		if end-start == 1 {
			unread |= 1 << i // It may be `-`.
		}
	}
	return unread
}

func (b *block) fillWords(c column, at []uint32) (unread uint64) {
	for i := range b.rows {
		word, ok := b.text[at[i*b.columns]+1:at[i*b.columns+1]], false
		switch r := &b.records[i]; c.kind {
		case kindAction:
			ok = r.setAction(word)
		case kindLogStatus:
			ok = r.setLogStatus(word)
		case kindDirection:
			ok = r.setDirection(word)
		}
		if !ok {
			unread |= 1 << i
		}
	}
	return unread
}

func (b *block) fillNumbers(c column) {
	switch first, numbers := &b.records[0], b.numbers[:b.rows]; c.kind {
	case kindUint64:
		storeNumbers(first.uint64Of(c.field), numbers)
	case kindTime:
		storeNumbers(first.timeOf(c.field), numbers)
	case kindInt32:
		storeNumbers(first.int32Of(c.field), numbers)
	case kindPort:
		storeNumbers(first.portOf(c.field), numbers)
	case kindProtocol:
		storeNumbers(&first.Protocol, numbers)
	}
}

// fillValue reads one value as those of a line by itself are.
func (b *block) fillValue(c column, at []uint32, row int) {
	b.value[0], b.value[1] = at[row*b.columns]+1, at[row*b.columns+1]+1
	plan := [1]column{{c.kind, c.field, 0}}
	if _, ok := b.records[row].fill(plan[:], b.text, &b.value); !ok {
		b.doubt |= 1 << row
	}
}
