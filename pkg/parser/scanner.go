package parser

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// ScannerConfig says what a scanner reads.
type ScannerConfig struct {
	// Fields are asked for; the zero value asks for all.
	Fields FieldSet
	// Format is for input without a header. When it is nil the first line must be a header. A header in the input wins over it.
	Format *Format
}

// Scanner walks the records of a reader, of a block of memory, or of many blocks. It is for one goroutine; [Scanner.Reset], [Scanner.ResetBytes] and
// [Scanner.ResetBlocks] make it ready for the next input. It allocates about 80 KB, a buffer of 128 KiB when it first reads from a reader, and a few small things for
// each header that differs from the one before; nothing for records, however many there are.
type Scanner struct {
	cfg     ScannerConfig
	lines   lines
	format  *Format // Of the lines from here on.
	unknown int
	records []Record // Of a block, which are used again for the next.
	block   block
	record  *Record // One of records.
	lineErr error
	err     error

	// The last header and what it compiled to. The objects of a flow log all have the same one.
	headerText  []byte
	headerFirst byte // 0 without a header.
	compiled    *Format
}

// NewScanner returns a scanner of r. It reads nothing before Next. A nil r is empty input.
func NewScanner(r io.Reader, cfg ScannerConfig) *Scanner {
	s := &Scanner{cfg: cfg, records: make([]Record, blockLines), block: block{kernels: newKernels()}}
	if cfg.Format != nil {
		s.cfg.Format = cfg.Format.Select(cfg.Fields)
	}
	s.Reset(r)
	return s
}

// Reset starts over with a reader. The configuration and the buffer stay, and a header that is the same as the last one costs no allocation.
func (s *Scanner) Reset(r io.Reader) {
	s.restart()
	s.lines.reset(r)
}

// ResetBytes starts over with text that is in memory as a whole. It is not copied: text of records aliases it, and it must not change before
// the last of them was used.
func (s *Scanner) ResetBytes(block []byte) {
	s.restart()
	s.lines.resetBytes(block)
}

// ResetBlocks starts over with text that comes in blocks, which is not copied: the scanner parses it where it is, and leaves the beginning of a line at
// the end of a block unread.
func (s *Scanner) ResetBlocks(b Blocks) {
	s.restart()
	s.lines.resetBlocks(b)
}

func (s *Scanner) restart() {
	s.block.reset()
	s.record = &s.records[0]
	s.format, s.unknown, s.lineErr, s.err = s.cfg.Format, 0, nil, nil
}

// Next goes to the next record, well-formed or not. Blank lines and headers are not records. It is false at the end of the input, after a
// read error, and when the input does not begin with a header: see [Scanner.Err].
func (s *Scanner) Next() bool {
	for s.err == nil {
		if s.nextOfBlock() {
			return true
		}
		line, tooLong, ok := s.lines.next()
		if !ok {
			s.err = s.lines.err
			return false
		}
		line = bytes.TrimPrefix(line, []byte("\ufeff")) // A byte order mark of an editor, or of a file that was concatenated.
		switch {
		case tooLong:
			return s.tooLong()
		case isBlank(line):
		case s.format == nil || s.isHeader(line):
			s.header(line)
		default:
			s.lineErr = s.format.Parse(line, s.record)
			return true
		}
	}
	return false
}

// nextOfBlock is next among lines that are alike; false when the next line must be read by itself.
func (s *Scanner) nextOfBlock() bool {
	b := &s.block
	if b.next == b.rows && !s.nextBlock() {
		s.record = &s.records[0]
		return false
	}
	row := b.next
	b.next++
	if s.record, s.lineErr = &b.records[row], nil; b.doubt>>row&1 != 0 {
		s.lineErr = s.format.Parse(b.line(row), s.record)
	}
	return true
}

func (s *Scanner) nextBlock() bool {
	b := &s.block
	if s.format == nil || b.taken == b.lines && !b.cut(&s.lines, s.format.Columns()) || b.take(s.records, s.headerFirst, s.special) == 0 {
		return false
	}
	s.lines.pos = b.end()
	b.fill(s.format)
	return true
}

// tooLong is next at a line that is too long.
func (s *Scanner) tooLong() bool {
	if s.lineErr = LineTooLong; s.format == nil {
		s.err = fmt.Errorf("%w: the first line has more than %d bytes", ErrHeader, MaxLine)
	}
	return s.err == nil
}

// Record returns the record that Next went to. It is good until the next call of Next; its text, when that comes from a block of memory, as long as the block is.
// An error is a [Reason]: count it and go on, without a look at the record.
func (s *Scanner) Record() (*Record, error) { return s.record, s.lineErr }

// Err is nil at a clean end. Otherwise the input could not be read to its end (the error of the reader, as it came), or it is no flow log
// ([ErrHeader]): nothing of it should be counted.
func (s *Scanner) Err() error { return s.err }

// Bytes is the number of bytes of text read so far; for a block, all of it from the beginning.
func (s *Scanner) Bytes() uint64 { return s.lines.total }

// Format returns the format of the current record; nil before the header was read.
func (s *Scanner) Format() *Format { return s.format }

// UnknownColumns is the number of columns that were skipped because flowd does not know their names: once for the input, however many records
// and headers it has. With several headers it is that of the one with the most.
func (s *Scanner) UnknownColumns() int { return s.unknown }

// isHeader tells a header inside a concatenated input from a record: it is the header before once more, or its first value is the name
// of a field and most of the others are too. A single name is no new header: a tag with the value `end` does not turn a flow log of one column over.
func (s *Scanner) isHeader(line []byte) bool {
	if bytes.Equal(line, s.headerText) {
		return true
	}
	if !beginsWithField(line) {
		return false
	}
	f, err := ParseFormat(string(line))
	if err != nil || len(f.fields) <= f.Unknown() {
		return false
	}
	return len(f.fields) > 1 || slices.Equal(f.fields, s.format.fields)
}

// special is true for a line that must be read by itself: a header, or what is behind a byte order mark.
func (s *Scanner) special(line []byte) bool { return line[0] == '\xef' || s.isHeader(line) }

// beginsWithField decides for nearly every record by its first byte: versions, accounts, addresses and `-` begin with no letter.
func beginsWithField(line []byte) bool {
	start := 0
	for start < len(line) && isSpace(line[start]) {
		start++
	}
	if start == len(line) || line[start] < 'a' || line[start] > 'z' {
		return false
	}
	end := start
	for end < len(line) && end-start <= longestName && !isSpace(line[end]) {
		end++
	}
	_, known := fieldOf(string(line[start:end]))
	return known
}

// header makes line the format of the lines after it.
func (s *Scanner) header(line []byte) {
	if s.compiled == nil || !bytes.Equal(line, s.headerText) {
		f, err := ParseFormat(string(line))
		if err != nil {
			s.err = fmt.Errorf("reading the header: %w; input without a header needs the format of its flow log from elsewhere", err)
			return
		}
		s.headerText, s.headerFirst, s.compiled = append(s.headerText[:0], line...), line[0], f.Select(s.cfg.Fields)
	}
	s.format = s.compiled
	s.unknown = max(s.unknown, s.format.Unknown())
}
