package inflate

import "fmt"

// Limits end input that was made to inflate without end. The zero value has none.
type Limits struct {
	Bytes int64 // The most text.
	Ratio int64 // The most bytes of text for each byte of input, once there are more than RatioAfter bytes of text.
	// RatioAfter leaves short input alone, in bytes of text: a few equal lines compress better than any real flow log.
	RatioAfter int64
}

// guard holds text against the limits.
type guard struct {
	limits Limits
	input  *source
}

// check looks at what a layer gave so far.
func (g *guard) check(text int64) error {
	l := g.limits
	switch {
	case l.Bytes > 0 && text > l.Bytes:
		return fmt.Errorf("%w: more than %d bytes", ErrBomb, l.Bytes)
	case l.Ratio > 0 && text > l.RatioAfter && text/l.Ratio > g.input.n:
		return fmt.Errorf("%w: %d bytes from %d, more than %d for one", ErrBomb, text, g.input.n, l.Ratio)
	}
	return nil
}
