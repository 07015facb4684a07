package parser

const (
	blockLines  = 32      // Records that are parsed together.
	blockWindow = 8 << 10 // Bytes of text that are looked at for separators together.
	blockAlone  = 32      // Lines that are read one by one after lines that were not alike; twice as many with each look in a row that found some, up to blockPause.
	blockPause  = 1024
)

// block parses lines that are alike together, column by column: that is more than twice as fast as line by line. Alike are lines as AWS writes them, with as many
// values as there are columns and one space between them. Everything else is left to its caller, who reads it line by line.
type block struct {
	kernels kernels
	text    []byte // The window with a margin at both ends, so that positions fit into 32 bits however long the whole text is.
	start   int    // Of text, in the whole.
	columns int
	at      []uint32 // The newline before the first line, and all separators from there on. Made at the first use.
	lines   int      // Of at, those that are alike.
	taken   int      // Of these, those that were parsed.
	alone   int      // Lines until the next look.
	pause   int      // What alone was set to last; 0 after lines that were all alike.

	records []Record // Of the rows, which are the lines that were parsed last. The caller has the memory.
	first   int      // The newline before the first row, in at.
	rows    int
	next    int
	doubt   uint64 // A bit for each row that has something wrong.

	numbers [blockLines]uint64
	addrs   [blockLines]uint32
	value   cuts
}

// reset forgets the text.
func (b *block) reset() {
	b.text, b.records = nil, nil
	b.lines, b.taken, b.alone, b.pause, b.rows, b.next = 0, 0, 0, 0, 0, 0
}

// cut looks at the lines from the position of l on, and is false when the next one is not alike, or too near the end to tell.
func (b *block) cut(l *lines, columns int) bool {
	b.lines, b.taken = 0, 0
	if b.alone > 0 {
		b.alone--
		return false
	}
	chunks := min(blockWindow, l.end-l.pos) / 64
	if chunks == 0 || l.pos < kernelMargin || columns >= maxCuts {
		return false
	}
	if b.at == nil {
		b.at = make([]uint32, 1+blockWindow/2+indexSlack)
	}
	b.start, b.columns, b.at[0] = l.pos-kernelMargin, columns, kernelMargin-1
	b.text = l.buf[b.start:min(l.end, l.pos+blockWindow+kernelMargin)]
	separators, newlines, odd := b.kernels.index(b.text, kernelMargin, chunks, b.at[1:])
	if odd || !b.alike(separators/columns, newlines) {
		b.lines = 0
		b.rest()
		return false
	}
	for b.lines = newlines; b.lines > 0 && int(b.at[b.lines*columns])+kernelMargin > len(b.text); {
		b.lines--
	}
	return b.lines > 0
}

// alike is true when every line has as many values as there are columns.
func (b *block) alike(lines, newlines int) bool {
	for i := range lines {
		if b.text[b.at[(i+1)*b.columns]] != '\n' {
			return false
		}
	}
	return lines == newlines
}

// take makes rows of the next lines, as many as there is room for in records, and returns how many; it stops before a line that is special.
// Only a line that begins with first or with a byte above the digits is asked about: hardly any record does.
func (b *block) take(records []Record, first byte, special func(line []byte) bool) int {
	b.records, b.first, b.rows, b.next, b.doubt = records, b.taken*b.columns, 0, 0, 0
	for most := min(b.lines-b.taken, blockLines, len(records)); b.rows < most; b.rows++ {
		c := b.text[b.at[b.first+b.rows*b.columns]+1]
		if (c > '9' || c == first) && special(b.line(b.rows)) {
			break
		}
	}
	b.taken += b.rows
	switch {
	case b.rows == 0:
		b.rest()
	case b.taken == b.lines:
		b.pause = 0
	}
	return b.rows
}

// rest gives the lines up for a while. Looking costs a whole window even when hardly a line of it is used: text that goes on like that must not pay for it.
func (b *block) rest() {
	b.pause = min(max(blockAlone, 2*b.pause), blockPause)
	b.taken, b.alone = b.lines, b.pause
}

// line is the text of a row.
func (b *block) line(row int) []byte {
	at := b.first + row*b.columns
	return b.text[b.at[at]+1 : b.at[at+b.columns]]
}

// end is the position behind the last row, in the whole text.
func (b *block) end() int { return b.start + int(b.at[b.taken*b.columns]) + 1 }
