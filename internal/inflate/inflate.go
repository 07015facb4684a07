// Package inflate turns the bytes of an object into text. It knows gzip framing and nothing else; what inflates stands behind this one type, so
// that a faster inflater can take its place.
package inflate

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// inputBuffer is how much compressed input is asked for at once, in bytes.
const inputBuffer = 64 << 10

// ErrCorrupt says that the input is gzip and broken: cut short, with a wrong checksum or length, or with something after its end. Nothing of
// it may be counted.
var ErrCorrupt = errors.New("corrupt gzip data")

// Reader yields the text of gzip input of any number of members (RFC 1952), or the input itself when it does not begin with the magic bytes:
// AWS names plain text .gz here and there. Its memory is used again by Reset. It is for one goroutine.
type Reader struct {
	input source
	in    *bufio.Reader // Of input.
	gzip  *gzip.Reader
	plain bool
	err   error
}

// NewReader returns a reader without input: call Reset.
func NewReader() *Reader {
	return &Reader{in: bufio.NewReaderSize(nil, inputBuffer), gzip: new(gzip.Reader), err: io.EOF}
}

// Reset starts over with r, which is read until its end. Empty input is a clean end. Errors of r come back as they are, and broken gzip headers
// as [ErrCorrupt].
func (z *Reader) Reset(r io.Reader) error {
	z.input = source{r: r}
	z.in.Reset(&z.input)
	z.plain, z.err = false, nil
	magic, err := z.in.Peek(2)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		z.err = err
	case len(magic) == 0:
		z.err = io.EOF
	case len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b:
		z.plain = true
	default:
		z.err = z.explain(z.gzip.Reset(z.in))
	}
	if errors.Is(z.err, io.EOF) {
		return nil
	}
	return z.err
}

// Read implements [io.Reader]. io.EOF means that every checksum and length was right.
func (z *Reader) Read(p []byte) (int, error) {
	if z.err != nil {
		return 0, z.err
	}
	if z.plain {
		return z.in.Read(p)
	}
	n, err := z.gzip.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = z.explain(err)
	}
	z.err = err
	return n, err
}

// Peek returns the next bytes as they are stored, without reading them. It is for telling formats apart right after Reset, and only for input
// that is not gzip.
func (z *Reader) Peek(n int) []byte {
	if !z.plain {
		return nil
	}
	b, _ := z.in.Peek(n) // Short input is what the caller sees by the length.
	return b
}

// explain tells what is wrong with the data from what is wrong with the reader below, which may well say "unexpected EOF" itself.
func (z *Reader) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case z.input.err != nil:
		return z.input.err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// source remembers how its reader failed.
type source struct {
	r   io.Reader
	err error // Never io.EOF.
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
