package inflate

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// layer takes gzip off its input, when there is any.
type layer struct {
	in      *bufio.Reader
	gzip    *gzip.Reader // Made when the first gzip comes: the inner layer hardly ever needs it.
	gzipped bool
	n       int64 // Bytes of text.
	err     error
}

func newLayer(buffer int) layer { return layer{in: bufio.NewReaderSize(nil, buffer)} }

// reset looks at the first bytes of r.
func (l *layer) reset(r io.Reader) error {
	l.in.Reset(r)
	l.gzipped, l.n, l.err = false, 0, nil
	magic, err := l.in.Peek(2)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		l.err = err
	case len(magic) == 0:
		l.err = io.EOF
	case len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		l.gzipped = true
		l.err = l.nextMember()
	}
	return l.err
}

// read is [io.Reader.Read]; its errors stay.
func (l *layer) read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	if !l.gzipped {
		return l.in.Read(p)
	}
	n, err := l.gzip.Read(p)
	if err == io.EOF { //nolint:errorlint // The end of a member; a reader below that wraps it does not mean that.
		err = l.nextMember()
	}
	l.n += int64(n)
	l.err = err
	return n, err
}

// nextMember goes on after a member, or is io.EOF when it was the last.
func (l *layer) nextMember() error {
	b, err := l.in.Peek(1)
	switch {
	case len(b) == 0:
		return err
	case b[0] == 0:
		return l.padding()
	}
	if l.gzip == nil {
		l.gzip = new(gzip.Reader)
	}
	if err := l.gzip.Reset(l.in); err != nil {
		return noEOF(err)
	}
	l.gzip.Multistream(false)
	return nil
}

// padding reads zeros until the end, and refuses everything else: it might be text that somebody wanted to have counted.
func (l *layer) padding() error {
	for {
		switch b, err := l.in.ReadByte(); {
		case err != nil:
			return err
		case b != 0:
			return fmt.Errorf("%w: something follows its end", ErrCorrupt)
		}
	}
}

// noEOF is for the end in the middle of a header.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
