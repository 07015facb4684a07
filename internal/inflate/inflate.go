// Package inflate turns the bytes of an object into text. It knows gzip framing and nothing else; what inflates stands behind this one type, so
// that a faster inflater can take its place.
package inflate

import (
	"errors"
	"fmt"
	"io"
)

// Buffers for compressed input, in bytes.
const (
	inputBuffer = 64 << 10
	innerBuffer = 4 << 10 // Small, so that text behind the first layer is not copied through it.
)

var (
	// ErrCorrupt says that the input is gzip and broken: cut short, with a wrong checksum or length, or with something other than zeros after
	// its end. Nothing of it may be counted.
	ErrCorrupt = errors.New("corrupt gzip data")
	// ErrBomb says that the input inflates to more than [Limits] allow. Nothing of it may be counted.
	ErrBomb = errors.New("inflates to more than is allowed")
)

// Limits end input that was made to inflate without end. The zero value has none.
type Limits struct {
	Bytes int64 // The most text.
	Ratio int64 // The most bytes of text for each byte of input, once there are more than RatioAfter bytes of text.
	// RatioAfter leaves short input alone, in bytes of text: a few equal lines compress better than any real flow log.
	RatioAfter int64
}

// Reader yields the text of gzip input of any number of members (RFC 1952), or the input itself when it does not begin with the magic bytes:
// AWS names plain text .gz here and there. Gzip inside gzip is inflated too, and no third layer. Zeros after the last member are padding, as for
// gzip(1). Its memory is used again by Reset. It is for one goroutine.
type Reader struct {
	limits Limits
	input  source
	outer  layer
	inner  layer
	err    error
}

// NewReader returns a reader without input: call Reset.
func NewReader() *Reader {
	return &Reader{outer: newLayer(inputBuffer), inner: newLayer(innerBuffer), err: io.EOF}
}

// Limit applies to all input from the next Reset on.
func (z *Reader) Limit(l Limits) { z.limits = l }

// Reset starts over with r, which is read until its end. Empty input is a clean end. Errors of r come back as they are, and broken gzip headers
// as [ErrCorrupt].
func (z *Reader) Reset(r io.Reader) error {
	z.input = source{r: r}
	z.err = z.explain(z.outer.reset(&z.input))
	if z.err == nil {
		z.err = z.explain(z.inner.reset(inflating{z}))
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
	n, err := z.inner.read(p)
	if err == nil && z.inner.gzipped {
		err = z.check(z.inner.n)
	}
	z.err = z.explain(err)
	return n, z.err
}

// Peek returns the next bytes as they are stored, without reading them. It is for telling formats apart right after Reset, and only for input
// that is not gzip.
func (z *Reader) Peek(n int) []byte {
	if z.outer.gzipped || z.err != nil {
		return nil
	}
	b, _ := z.inner.in.Peek(n) // Short input is what the caller sees by the length.
	return b
}

// check holds what a layer gave so far against the limits.
func (z *Reader) check(text int64) error {
	l := z.limits
	switch {
	case l.Bytes > 0 && text > l.Bytes:
		return fmt.Errorf("%w: more than %d bytes", ErrBomb, l.Bytes)
	case l.Ratio > 0 && text > l.RatioAfter && text/l.Ratio > z.input.n:
		return fmt.Errorf("%w: %d bytes from %d, more than %d for one", ErrBomb, text, z.input.n, l.Ratio)
	}
	return nil
}

// explain tells what is wrong with the data from what is wrong with the reader below, which may well say "unexpected EOF" itself.
func (z *Reader) explain(err error) error {
	switch {
	case err == nil || err == io.EOF: //nolint:errorlint // A decoder that wraps it does not mean the end.
		return err
	case z.input.err != nil:
		return z.input.err
	case errors.Is(err, ErrBomb) || errors.Is(err, ErrCorrupt):
		return err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// inflating is the text of the outer layer, for the inner one to read.
type inflating struct{ z *Reader }

func (o inflating) Read(p []byte) (int, error) {
	n, err := o.z.outer.read(p)
	if err == nil && o.z.outer.gzipped {
		err = o.z.check(o.z.outer.n)
	}
	return n, err
}

// source remembers how its reader failed.
type source struct {
	r   io.Reader
	n   int64 // Bytes read.
	err error // Never io.EOF.
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
