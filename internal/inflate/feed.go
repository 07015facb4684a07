package inflate

import "io"

// MaxUnread is the most that Next keeps, in bytes: the longest line.
const MaxUnread = 64 << 10

// blocks is text that comes piece by piece, each in memory of whoever gives it. Next returns the last unread bytes of what it returned before, with at
// least one new byte behind them; or with an error, and nothing new. The bytes are good until the next call. Errors stay, io.EOF is the end.
type blocks interface {
	Next(unread int) ([]byte, error)
}

// source gives what a reader reads, and remembers how that failed.
type source struct {
	r     io.Reader
	buf   []byte // Made once.
	end   int    // Of what was read, in buf.
	n     int64  // Bytes read in all.
	ended error
	err   error // ended, unless that is io.EOF.
}

const (
	leastRead    = 64 << 10                // Bytes that are asked for at once, or more.
	sourceBuffer = leastRead + 2*MaxUnread // So that the most that can be unread is moved once in 64 KiB, however small the reads are.
)

func (s *source) reset(r io.Reader) { *s = source{r: r, buf: s.buf} }

// Next implements [blocks]. It bears with readers that return nothing and no error, but not for ever.
func (s *source) Next(unread int) ([]byte, error) {
	if s.buf == nil {
		s.buf = make([]byte, sourceBuffer)
	}
	if len(s.buf)-s.end < leastRead {
		s.end = copy(s.buf, s.buf[s.end-unread:s.end])
	}
	from := s.end - unread
	const patience = 100
	for try := 0; s.ended == nil; try++ {
		n, err := s.r.Read(s.buf[s.end:])
		s.n += int64(n)
		s.end += n
		if n == 0 && err == nil && try == patience {
			err = io.ErrNoProgress
		}
		s.fail(err)
		if n > 0 {
			return s.buf[from:s.end], nil
		}
	}
	return s.buf[from:s.end], s.ended
}

func (s *source) fail(err error) {
	s.ended = err
	if err != io.EOF { //nolint:errorlint // A wrapped EOF is an error of whoever wrapped it, not the end.
		s.err = err
	}
}

// feed is a place in stored bytes.
type feed struct {
	from blocks
	b    []byte
	pos  int // Of the next byte, in b.
	err  error
}

func (f *feed) reset(from blocks) { *f = feed{from: from} }

// fill tries to have n bytes ahead, which are fewer only when nothing more comes: then f.err says why.
func (f *feed) fill(n int) {
	for len(f.b)-f.pos < n && f.err == nil {
		f.b, f.err = f.from.Next(len(f.b) - f.pos)
		f.pos = 0
	}
}

// Read implements [io.Reader].
func (f *feed) Read(p []byte) (int, error) {
	f.fill(1)
	n := copy(p, f.b[f.pos:])
	f.pos += n
	if n == 0 {
		return 0, f.err
	}
	return n, nil
}

// ReadByte implements [io.ByteReader].
func (f *feed) ReadByte() (byte, error) {
	f.fill(1)
	if f.pos == len(f.b) {
		return 0, f.err
	}
	f.pos++
	return f.b[f.pos-1], nil
}

// UnreadByte implements [io.ByteScanner]: right after ReadByte, the byte is still there.
func (f *feed) UnreadByte() error {
	f.pos--
	return nil
}
