package parser

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the longest line, in bytes, that is read; the longest possible record is far below. What is longer is malformed.
const MaxLine = 64 << 10

// scanBuffer holds the longest line twice, so that most reads are large.
const scanBuffer = 2 * MaxLine

// ScannerConfig says what a scanner reads.
type ScannerConfig struct {
	// Fields are asked for; the zero value asks for all.
	Fields FieldSet
	// Format is for input without a header. When it is nil the first line is the header.
	Format *Format
}

// Scanner walks the records of a reader. It is for one goroutine; [Scanner.Reset] makes it ready for the next reader without allocating.
type Scanner struct {
	cfg     ScannerConfig
	r       io.Reader
	buf     []byte
	pos     int // Start of what was not looked at yet.
	end     int // End of what was read.
	total   uint64
	atEnd   bool // r has ended.
	skip    bool // Inside a line that is too long.
	format  *Format
	record  Record
	lineErr error
	err     error
}

// NewScanner returns a scanner of r. It reads nothing before Next.
func NewScanner(r io.Reader, cfg ScannerConfig) *Scanner {
	s := &Scanner{cfg: cfg, buf: make([]byte, scanBuffer)}
	if cfg.Format != nil {
		s.cfg.Format = cfg.Format.Select(cfg.Fields)
	}
	s.Reset(r)
	return s
}

// Reset starts over with another reader; the configuration and the buffer stay.
func (s *Scanner) Reset(r io.Reader) {
	*s = Scanner{cfg: s.cfg, buf: s.buf, r: r, format: s.cfg.Format}
}

// Next goes to the next record, well-formed or not. Blank lines and headers are not records. It is false at the end of the input, after a
// read error, and when the input does not begin with a header: see [Scanner.Err].
func (s *Scanner) Next() bool {
	for s.err == nil {
		line, ok := s.line()
		if !ok {
			return false
		}
		if s.lineErr != nil {
			return s.needFormat()
		}
		if isBlank(line) {
			continue
		}
		if s.format == nil || s.isHeader(line) {
			s.header(line)
			continue
		}
		s.lineErr = s.format.Parse(line, &s.record)
		return true
	}
	return false
}

// Record returns the record that Next went to. Its text is good until the next call of Next. An error is a [Reason]: count it and go on.
func (s *Scanner) Record() (*Record, error) { return &s.record, s.lineErr }

// Err is nil at a clean end. Otherwise the input could not be read to its end, or is no flow log: nothing of it should be counted.
func (s *Scanner) Err() error { return s.err }

// Bytes is the number of bytes of text read so far.
func (s *Scanner) Bytes() uint64 { return s.total }

// Format returns the format of the current record; nil before the header was read.
func (s *Scanner) Format() *Format { return s.format }

// needFormat is for a line that is too long to be looked at: without a header before it, it stands where the header should.
func (s *Scanner) needFormat() bool {
	if s.format == nil {
		s.err = fmt.Errorf("%w: the first line has more than %d bytes", ErrHeader, MaxLine)
		return false
	}
	return true
}

// isHeader tells a header inside a concatenated file from a record: its first value is a field name. No value of a record is one, except
// by a hand that wanted it so, and then only that line is taken for a header.
func (s *Scanner) isHeader(line []byte) bool {
	first := bytes.TrimLeft(line, " \t")
	if i := bytes.IndexAny(first, " \t\r"); i >= 0 {
		first = first[:i]
	}
	if len(first) == 0 || first[0] < 'a' || first[0] > 'z' || len(first) > 32 {
		return false
	}
	if _, known := fieldOf(string(first)); !known {
		return false
	}
	f, err := ParseFormat(string(line))
	return err == nil && len(f.fields) > f.unknown
}

func (s *Scanner) header(line []byte) {
	f, err := ParseFormat(string(line))
	if err != nil {
		s.err = fmt.Errorf("reading the header: %w", err)
		return
	}
	s.format = f.Select(s.cfg.Fields)
}

// line returns the next line without its newline. A line that is too long is dropped as it is read, and reported once, by lineErr.
func (s *Scanner) line() (line []byte, ok bool) {
	s.lineErr = nil
	from := s.pos
	for {
		if i := bytes.IndexByte(s.buf[from:s.end], '\n'); i >= 0 {
			line, s.pos = s.buf[s.pos:from+i], from+i+1
			return s.checked(line), true
		}
		if s.atEnd {
			line, s.pos = s.buf[s.pos:s.end], s.end
			ok = s.err == nil && (len(line) > 0 || s.skip)
			return s.checked(line), ok
		}
		from = s.fill()
	}
}

func (s *Scanner) checked(line []byte) []byte {
	if s.skip || len(line) > MaxLine {
		s.skip, s.lineErr = false, LineTooLong
	}
	return line
}

// fill reads more, moving the unread part to the front. It returns where the new bytes begin.
func (s *Scanner) fill() int {
	if s.end-s.pos > MaxLine {
		s.skip, s.pos = true, s.end
	}
	if s.pos > 0 {
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.pos = 0
	}
	from := s.end
	n, err := s.read()
	s.end += n
	s.total += uint64(n)
	if err != nil {
		s.atEnd = true
		if !errors.Is(err, io.EOF) {
			s.err = err
		}
	}
	return from
}

// read bears with readers that return nothing and no error, but not for ever.
func (s *Scanner) read() (int, error) {
	const patience = 100
	for range patience {
		if n, err := s.r.Read(s.buf[s.end:]); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

func isBlank(line []byte) bool {
	for _, c := range line {
		if !isSpace(c) {
			return false
		}
	}
	return true
}
