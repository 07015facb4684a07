// Package inflate turns the bytes of an object into text. It knows gzip framing (RFC 1952) and DEFLATE (RFC 1951), and nothing of what the text is.
// docs/inflate.md explains how it is fast.
package inflate

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrCorrupt says that the input is gzip and broken: cut short, with a wrong checksum or length, or with something other than zeros after
	// its end. Nothing of it may be counted.
	ErrCorrupt = errors.New("corrupt gzip data")
	// ErrBomb says that the input inflates to more than [Limits] allow. Nothing of it may be counted.
	ErrBomb = errors.New("inflates to more than is allowed")
)

// Engine names what inflates. Both give the same text for the same input.
type Engine string

// The engines. The zero value is Fast too.
const (
	Fast      Engine = "fast"      // That of this package.
	Klauspost Engine = "klauspost" // The module github.com/klauspost/compress, to switch back to.
)

// Validate says whether there is such an engine.
func (e Engine) Validate() error {
	if e != "" && e != Fast && e != Klauspost {
		return fmt.Errorf("there is no engine %q to inflate with; choose %q or %q", string(e), Fast, Klauspost)
	}
	return nil
}

// Reader yields the text of gzip input of any number of members (RFC 1952), or the input itself when it does not begin with the magic bytes:
// AWS names plain text .gz here and there. Gzip inside gzip is inflated too, and no third layer. Zeros after the last member are padding, as for
// gzip(1). Between two calls of Reset the text is read with Read or with Next, not with both. Its memory is used again by Reset. It is for one goroutine.
type Reader struct {
	input source
	guard guard
	outer layer
	inner layer
	err   error
	rest  []byte // What Read did not return yet.
}

// NewReader returns a reader with the engine [Fast], and without input: call Reset.
func NewReader() *Reader { return NewReaderWith(Fast) }

// NewReaderWith returns a reader without input: call Reset. An engine that is not valid is [Fast].
func NewReaderWith(e Engine) *Reader {
	const outerBuffer, innerBuffer = 64 << 10, 4 << 10
	z := &Reader{err: io.EOF}
	z.guard.input = &z.input
	z.outer = layer{guard: &z.guard, make: e.maker(outerBuffer)}
	z.inner = layer{guard: &z.guard, make: e.maker(innerBuffer)}
	return z
}

func (e Engine) maker(buffer int) func() engine {
	if e == Klauspost {
		return func() engine { return newKlauspost(buffer) }
	}
	return func() engine { return newGunzip() }
}

// Limit applies to all input from the next Reset on.
func (z *Reader) Limit(l Limits) { z.guard.limits = l }

// Reset starts over with r, which is read until its end. Empty input is a clean end. Errors of r come back as they are, and broken gzip headers
// as [ErrCorrupt].
func (z *Reader) Reset(r io.Reader) error {
	z.input.reset(r)
	z.rest = nil
	z.err = z.explain(z.outer.reset(&z.input))
	if z.err == nil {
		z.err = z.explain(z.inner.reset(&z.outer))
	}
	if errors.Is(z.err, io.EOF) {
		return nil
	}
	return z.err
}

// Next returns the last unread bytes of what it returned before, and at least one byte of text behind them; they are in memory of the reader, and good
// until the next call of Next or Reset. Nothing is copied for that, so that a caller keeps the beginning of a line at the end of a block by leaving it
// unread: at most [MaxUnread] bytes, and no more than it got. When there is no more text it returns what was unread and an error, which
// stays: io.EOF means that every checksum and length was right.
func (z *Reader) Next(unread int) ([]byte, error) {
	if z.err != nil {
		return nil, z.err
	}
	text, err := z.inner.Next(unread)
	return text, z.explain(err)
}

// Read implements [io.Reader]. io.EOF means that every checksum and length was right.
func (z *Reader) Read(p []byte) (int, error) {
	if len(z.rest) == 0 && len(p) > 0 {
		var err error
		if z.rest, err = z.Next(0); err != nil {
			return 0, err
		}
	}
	n := copy(p, z.rest)
	z.rest = z.rest[n:]
	return n, nil
}

// Peek returns the next bytes as they are stored, without reading them. It is for telling formats apart right after Reset, and only for input
// that is not gzip.
func (z *Reader) Peek(n int) []byte {
	if z.outer.gzipped || z.err != nil {
		return nil
	}
	z.inner.in.fill(n) // Short input is what the caller sees by the length.
	return z.inner.in.b[:min(n, len(z.inner.in.b))]
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
