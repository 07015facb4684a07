package parser

import (
	"bytes"
	"fmt"
	"runtime/debug"
)

// Bounds of what is read ahead: about 9 MB in all, nearly all of it records, made once for a scanner.
const (
	aheadPieces  = 4
	aheadText    = 128 << 10 // Bytes of a piece, but for a line that is longer. Handing over wakes the other side, which takes a virtual machine longer than parsing 24 KiB.
	aheadRecords = 1400      // Of a piece.
)

// ahead reads blocks in a goroutine of its own and hands them to a scanner as pieces of whole lines, in order. As long as the scanner has a piece to go
// on with, this side parses the next one; otherwise it hands over text, and the scanner parses that. So both are busy whichever of inflating, parsing and
// what is done with records takes longest.
type ahead struct {
	in     lines
	parser *Scanner // Of this side.
	err    error    // How the input ended. This and what follows are good once filled is closed.
	died   error    // The panic of this side.

	pieces [aheadPieces]piece
	free   chan *piece
	filled chan *piece   // Has room for all pieces.
	quit   chan struct{} // Nil when nothing runs.

	current *piece // Of the scanner's side, as the rest.
	at      int    // Of the next of its records.
	total   uint64
}

// piece is lines, and what they say as far as that is known.
type piece struct {
	text    []byte
	records []Record // Of text, which they alias; cut down to those that are used.
	said    []parsed // Of each record.
	raw     bool     // No record is parsed, and no line is a header.
	format  *Format  // Of raw text.
	unknown int
	total   uint64 // Bytes of the input so far.
}

type parsed struct {
	err    error
	format *Format
}

// ResetAhead is ResetBlocks with a goroutine that calls b's Next, and parses ahead while the records before are used. Records, errors and their order are
// the same. A record is good until the next call of Next. Whoever calls this calls [Scanner.Stop] in the end. A panic of b is one of Next.
// It allocates 9 MB once, and a few small things for each input.
func (s *Scanner) ResetAhead(b Blocks) {
	s.ResetBlocks(nil)
	s.headerText = s.headerText[:0] // The other side knows the headers; here, nothing is one.
	if s.ahead == nil {
		s.ahead = newAhead(s.cfg)
	}
	s.ahead.start(b)
}

// Stop ends what ResetAhead began, and returns when the goroutine ended: at the latest when the call of b's Next does that it is in. Afterwards the
// scanner has no more records. It does nothing when nothing was begun.
func (s *Scanner) Stop() {
	if !s.ahead.running() {
		return
	}
	close(s.ahead.quit)
	for range s.ahead.filled {
		continue // Until it is closed.
	}
	s.ahead.quit = nil
	s.block.reset()
	s.lines.resetBytes(nil)
	s.lines.total = s.ahead.total
}

func newAhead(cfg ScannerConfig) *ahead {
	a := &ahead{parser: NewScanner(nil, cfg)}
	for i := range a.pieces {
		a.pieces[i].records, a.pieces[i].said = make([]Record, 0, aheadRecords), make([]parsed, aheadRecords)
	}
	return a
}

func (a *ahead) running() bool { return a != nil && a.quit != nil }

func (a *ahead) start(b Blocks) {
	a.in.resetBlocks(b)
	a.parser.restart()
	a.free, a.filled, a.quit = make(chan *piece, aheadPieces), make(chan *piece, aheadPieces), make(chan struct{})
	for i := range a.pieces {
		a.free <- &a.pieces[i]
	}
	a.current, a.at, a.total, a.err, a.died = nil, 0, 0, nil, nil
	go a.run()
}

func (a *ahead) run() {
	defer close(a.filled)
	defer func() {
		if p := recover(); p != nil {
			a.died = fmt.Errorf("%v, reading ahead:\n%s", p, debug.Stack())
		}
	}()
	for a.parser.err == nil {
		text, tooLong, ok := a.in.several(aheadText)
		if !ok {
			a.err = a.in.err
			return
		}
		if !a.hand(text, tooLong) {
			return
		}
	}
	a.err = a.parser.err
}

// hand is false when nobody wants more.
func (a *ahead) hand(text []byte, tooLong bool) bool {
	for more := true; more; more = len(text) > 0 && a.parser.err == nil {
		var p *piece
		select {
		case p = <-a.free:
		case <-a.quit:
			return false
		}
		text = text[a.fill(p, text, tooLong):]
		p.total = a.in.total
		a.filled <- p
	}
	return true
}

// fill puts text in the piece, or as much of it as there is room for records, and returns how much that is.
func (a *ahead) fill(p *piece, text []byte, tooLong bool) int {
	used := len(text)
	p.records, p.raw = p.records[:0], false
	switch s := a.parser; {
	case tooLong:
		p.text = p.text[:0]
		if s.tooLong() {
			p.add(s)
		}
	case len(a.filled) == 0 && s.format != nil && !s.mayHaveHeader(text):
		p.text, p.raw, p.format = append(p.text[:0], text...), true, s.format
	default:
		p.text = append(p.text[:0], text...)
		used = p.parse(s)
	}
	p.unknown = a.parser.unknown
	return used
}

// mayHaveHeader is false when no line is a header for sure.
func (s *Scanner) mayHaveHeader(text []byte) bool {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
		if beginsWithField(line) || bytes.Equal(line, s.headerText) {
			return true
		}
		text = rest
	}
	return false
}

// parse fills the piece with records, and returns how much of the text they are from.
func (p *piece) parse(s *Scanner) int {
	s.block.reset()
	s.lines.resetBytes(p.text)
	for p.next(s); s.next(); p.next(s) {
		if p.add(s); len(p.records) == aheadRecords {
			break
		}
	}
	return s.lines.pos
}

// next has the scanner parse into the places of the next records.
func (p *piece) next(s *Scanner) {
	s.into = p.records[len(p.records):cap(p.records)]
}

func (p *piece) add(s *Scanner) {
	p.said[len(p.records)] = parsed{s.lineErr, s.format}
	p.records = p.records[:len(p.records)+1]
}

// nextAhead is Next when somebody reads ahead.
func (s *Scanner) nextAhead() bool {
	a := s.ahead
	for s.err == nil {
		switch p := a.current; {
		case p != nil && a.at < len(p.records):
			s.record, s.lineErr, s.format = &p.records[a.at], p.said[a.at].err, p.said[a.at].format
			a.at++
			return true
		case p != nil && p.raw && s.next():
			return true
		case !a.advance(s):
			return false
		}
	}
	return false
}

// advance goes to the next piece, which must be waited for when this side is the faster one.
func (a *ahead) advance(s *Scanner) bool {
	if a.current != nil {
		a.free <- a.current
	}
	a.current, a.at = <-a.filled, 0
	p := a.current
	if p == nil {
		if a.died != nil {
			panic(a.died)
		}
		s.err, a.total, s.unknown = a.err, a.in.total, a.parser.unknown
		return false
	}
	s.unknown, a.total = p.unknown, p.total
	if p.raw {
		s.block.reset()
		s.lines.resetBytes(p.text)
		s.format = p.format
	}
	return true
}
