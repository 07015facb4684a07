package parser

import (
	"bytes"
	"io"
)

// MaxLine is the longest line, in bytes without its newline, that is read; the longest possible record is far below. What is longer is malformed.
const MaxLine = 64 << 10

// scanBuffer holds the longest line twice, so that most reads are large.
const scanBuffer = 2 * MaxLine

// Blocks is text that comes in blocks of memory. Next returns the last unread bytes of what it returned before, with at least one new byte behind them;
// or, when there is no more, an error: io.EOF at the end. The bytes are good until the next call. unread is at most [MaxLine].
type Blocks interface {
	Next(unread int) ([]byte, error)
}

// lines cuts text into lines: that of a reader through a buffer of its own, blocks of memory in place.
type lines struct {
	r      io.Reader
	blocks Blocks // Instead of r.
	own    []byte // The buffer for readers. It is made at the first read and outlives them.
	buf    []byte // own, or the block.
	pos    int    // Start of what was not looked at yet.
	end    int    // End of what was read.
	total  uint64 // Bytes read.
	atEnd  bool   // There is nothing more to read.
	skip   bool   // Inside a line that is too long.
	err    error  // Why the reader ended; nil at its clean end.
}

// reset starts over with a reader; nil is empty.
func (l *lines) reset(r io.Reader) { *l = lines{own: l.own, buf: l.own, r: r, atEnd: r == nil} }

// resetBytes starts over with a block.
func (l *lines) resetBytes(block []byte) {
	*l = lines{own: l.own, buf: block, end: len(block), total: uint64(len(block)), atEnd: true}
}

// resetBlocks starts over with text that comes in blocks.
func (l *lines) resetBlocks(b Blocks) { *l = lines{own: l.own, blocks: b} }

// next returns the next line without its newline; it is good until the next call. A line that is too long is dropped as it is read, and
// reported once. After an error the lines before it are still there; what stands before the error without a newline is no line.
func (l *lines) next() (line []byte, tooLong, ok bool) {
	from := l.pos
	for {
		if i := bytes.IndexByte(l.buf[from:l.end], '\n'); i >= 0 {
			line, l.pos = l.buf[l.pos:from+i], from+i+1
			break
		}
		if l.atEnd {
			line, l.pos = l.buf[l.pos:l.end], l.end
			if l.err != nil || len(line) == 0 && !l.skip {
				return nil, false, false
			}
			break
		}
		from = l.fill()
	}
	tooLong = l.skip || len(line) > MaxLine
	l.skip = false
	return line, tooLong, true
}

// fill goes on with the text, and keeps the part of it that was not looked at. It returns where the new bytes begin.
func (l *lines) fill() int {
	if l.end-l.pos > MaxLine {
		l.skip, l.pos = true, l.end
	}
	if l.blocks != nil {
		return l.nextBlock()
	}
	if l.own == nil {
		l.own = make([]byte, scanBuffer)
		l.buf = l.own
	}
	if l.pos > 0 {
		l.pos, l.end = 0, copy(l.buf, l.buf[l.pos:l.end])
	}
	from := l.end
	l.read()
	return from
}

// nextBlock leaves it to whoever has the memory to put the new bytes behind the old.
func (l *lines) nextBlock() int {
	unread := l.end - l.pos
	block, err := l.blocks.Next(unread)
	if err == nil && len(block) <= unread {
		err = io.ErrNoProgress
	}
	l.ended(err)
	l.buf, l.pos, l.end = block, 0, len(block)
	l.total += uint64(max(0, len(block)-unread))
	return min(unread, len(block))
}

// ended takes note of an error that ends the input.
func (l *lines) ended(err error) {
	l.atEnd = err != nil
	if err != io.EOF { //nolint:errorlint // A wrapped EOF is an error of whoever wrapped it, not the end.
		l.err = err
	}
}

// read bears with readers that return nothing and no error, but not for ever.
func (l *lines) read() {
	const patience = 100
	for range patience {
		n, err := l.r.Read(l.buf[l.end:])
		l.end += n
		l.total += uint64(n)
		l.ended(err)
		if n > 0 || err != nil {
			return
		}
	}
	l.ended(io.ErrNoProgress)
}
