package inflate

import "io"

// The window of a layer, in bytes.
const (
	historySize = maxDistance
	blockSize   = 64 << 10 // Text that is inflated at a time: it is still in the cache when it is parsed.
	windowSlack = fastOutput
	windowSize  = MaxUnread + 3*blockSize + windowSlack // Rarely moved to its front, and of that only what may be needed still.
)

// engine inflates gzip members into the window of a layer. Only the end of the last member is io.EOF.
type engine interface {
	// begin reads the header of the first member.
	begin(in *feed) error
	// inflate writes text to window[at:], up to goal or, by less than windowSlack, beyond it. It returns where the text ends. The last 32 KiB of text
	// before at are still in the window.
	inflate(window []byte, at, goal int) (int, error)
	// slid says that what the window holds was moved to the front, by so many bytes.
	slid(by int)
}

// layer takes gzip off its input, when there is any.
type layer struct {
	in      feed
	gzipped bool
	given   bool // Of input that is not gzip: what was looked at was given away.
	n       int64
	err     error

	guard  *guard
	make   func() engine
	engine engine // Made with the window when the first gzip comes: the inner layer hardly ever needs them.
	window []byte
	at     int // End of the text, in the window.
}

// reset looks at the first bytes of the input.
func (l *layer) reset(from blocks) error {
	l.in.reset(from)
	l.gzipped, l.given, l.n, l.at = false, false, 0, 0
	l.in.fill(2)
	switch magic := l.in.b; {
	case len(magic) < 2 && l.in.err != io.EOF: //nolint:errorlint // A wrapped EOF is an error of whoever wrapped it.
		l.err = l.in.err
	case len(magic) == 0:
		l.err = io.EOF
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		l.gzipped = true
		l.err = l.begin()
	default:
		l.err = nil
	}
	return l.err
}

func (l *layer) begin() error {
	if l.engine == nil {
		l.engine, l.window = l.make(), make([]byte, windowSize)
	}
	return l.engine.begin(&l.in)
}

// Next implements [blocks].
func (l *layer) Next(unread int) ([]byte, error) {
	if !l.gzipped {
		return l.plain(unread)
	}
	start := l.at
	if l.err == nil {
		start = l.room(unread)
		l.at, l.err = l.engine.inflate(l.window, start, min(start+blockSize, len(l.window)-windowSlack))
		l.n += int64(l.at - start)
		if err := l.guard.check(l.n); err != nil && (l.err == nil || l.err == io.EOF) { //nolint:errorlint // The end, which nobody wraps.
			l.err = err
		}
	}
	if l.at > start {
		return l.window[start-unread : l.at], nil
	}
	return l.window[start-unread : start], l.err
}

// plain gives the input as it is: first what was looked at.
func (l *layer) plain(unread int) ([]byte, error) {
	switch {
	case l.err != nil:
		return nil, l.err
	case l.given:
		return l.in.from.Next(unread)
	}
	l.given = true
	return l.in.b, nil
}

// room makes room for half a block at the least, and keeps what the caller and the next match may want. It returns where to write.
func (l *layer) room(unread int) int {
	if len(l.window)-windowSlack-l.at >= blockSize/2 {
		return l.at
	}
	from := l.at - max(historySize, unread)
	l.at = copy(l.window, l.window[from:l.at])
	l.engine.slid(from)
	return l.at
}
