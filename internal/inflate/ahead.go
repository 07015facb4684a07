package inflate

import (
	"fmt"
	"runtime/debug"
)

// Memory of reading ahead: four pieces of 192 KiB, made once. Handing over wakes the other side, which takes a virtual machine as long as inflating some 10 KiB.
const (
	aheadPieces = 4
	aheadText   = 128 << 10 // Bytes of a piece, but for the last one.
)

// Ahead has a goroutine inflate the text of a [Reader] ahead of whoever takes it, so that two cores work on one object. The text is copied once. It is for
// one goroutine, and for one reader after another: Start and Stop come in turns.
type Ahead struct {
	pieces [aheadPieces]piece
	free   chan *piece
	filled chan *piece // Has room for all pieces; closed at the end.

	quit chan struct{} // Nil when nothing runs.
	err  error         // How the text ended. This and died are good once filled is closed.
	died error         // A panic of the reader.

	rest    []byte // Of the reader's text, what is in no piece yet.
	current *piece // Of the side that takes, as given.
	given   []byte // What Next returned last.
}

// piece has its text behind room for what the other side left unread.
type piece struct {
	memory []byte // MaxUnread and aheadText bytes.
	n      int    // Bytes of text.
}

// NewAhead allocates the pieces.
func NewAhead() *Ahead {
	a := new(Ahead)
	for i := range a.pieces {
		a.pieces[i].memory = make([]byte, MaxUnread+aheadText)
	}
	return a
}

// Start begins to inflate the text of z, which was reset. Until Stop returns z must not be used.
func (a *Ahead) Start(z *Reader) {
	a.free, a.filled, a.quit = make(chan *piece, aheadPieces), make(chan *piece, aheadPieces), make(chan struct{})
	for i := range a.pieces {
		a.free <- &a.pieces[i]
	}
	a.err, a.died, a.rest, a.current, a.given = nil, nil, nil, nil, nil
	go a.run(z)
}

// Stop returns when nobody reads any more: once the block that is under way is inflated, which waits for the input no longer than a Read of it does. It
// does nothing when nothing was started.
func (a *Ahead) Stop() {
	if a.quit == nil {
		return
	}
	close(a.quit)
	for range a.filled {
		continue // Until it is closed.
	}
	a.quit, a.given = nil, nil
}

// Ready says that Next would not wait.
func (a *Ahead) Ready() bool { return len(a.filled) > 0 }

// Next is that of the reader. A panic of the input is one of Next.
func (a *Ahead) Next(unread int) ([]byte, error) {
	tail := a.given[len(a.given)-unread:]
	p, more := <-a.filled
	if !more {
		if a.died != nil {
			panic(a.died)
		}
		a.given = tail
		return tail, a.err
	}
	copy(p.memory[MaxUnread-unread:], tail)
	if a.current != nil {
		a.free <- a.current
	}
	a.current, a.given = p, p.memory[MaxUnread-unread:MaxUnread+p.n]
	return a.given, nil
}

func (a *Ahead) run(z *Reader) {
	defer close(a.filled)
	defer func() {
		if p := recover(); p != nil {
			a.died = fmt.Errorf("%v, inflating ahead:\n%s", p, debug.Stack())
		}
	}()
	for a.err == nil && !a.stopped() {
		select {
		case p := <-a.free:
			if a.fill(p, z); p.n > 0 {
				a.filled <- p
			}
		case <-a.quit:
		}
	}
}

func (a *Ahead) stopped() bool {
	select {
	case <-a.quit:
		return true
	default:
		return false
	}
}

// fill takes text until the piece is full, the text ends, or nobody wants it any more.
func (a *Ahead) fill(p *piece, z *Reader) {
	for p.n = 0; p.n < aheadText && a.err == nil && !a.stopped(); {
		if len(a.rest) == 0 {
			a.rest, a.err = z.Next(0)
		}
		n := copy(p.memory[MaxUnread+p.n:], a.rest)
		p.n, a.rest = p.n+n, a.rest[n:]
	}
}
