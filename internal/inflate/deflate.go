package inflate

import (
	"errors"
	"fmt"
	"io"
)

var (
	errCode     = errors.New("a code that is none")
	errLengths  = errors.New("lengths that make no code")
	errDistance = errors.New("a distance that goes back beyond the beginning")
	errBlock    = errors.New("a block of a type that is none")
	errStored   = errors.New("a stored block with two lengths")
)

// deflate decodes DEFLATE data (RFC 1951) into a window that it is given.
//
// The bit buffer holds the next bits, the first one lowest. Its bits above count are either zeros or those of the bytes at the place of the feed, which
// may be there before they are counted: the fast loop loads eight bytes and counts as many as fit. All whole bytes in count are in the feed's memory too, just before its place.
type deflate struct {
	in     *feed
	buffer uint64
	count  uint

	block  func(*deflate, []byte, output) (uint, error) // What decodes the block that we are in; nil between blocks.
	final  bool                                         // This block is the last one.
	stored int                                          // Bytes left of a stored block.
	fixed  bool                                         // The tables are those of fixed codes.

	symbols *symbols
	tables  tables
	builder builder
	lengths [maxLitlen + maxDist]uint8
}

// tables are together, so that one register in the fast loop points to both.
type tables struct {
	litlen [litlenSize]uint32
	dist   [distSize]uint32
}

// output says where in the window to write.
type output struct {
	at    uint // Where the next byte goes.
	floor uint // Where the text of this member begins, or of what is left of it: no distance goes further back.
	goal  uint // Where to stop. A match may go beyond it, and behind that is room for copying in whole words: [windowSlack] in all.
}

func newDeflate() *deflate { return &deflate{symbols: newSymbols()} }

func (d *deflate) reset(in *feed) {
	d.in, d.buffer, d.count, d.block, d.final = in, 0, 0, nil, false
}

// inflate writes text into the window until the goal, and returns where it ends. io.EOF is the end of the data: the feed stands behind its last byte.
func (d *deflate) inflate(window []byte, o output) (uint, error) {
	for o.at < o.goal {
		var err error
		switch {
		case d.block != nil:
			o.at, err = d.block(d, window, o)
		case d.final:
			d.align()
			return o.at, io.EOF
		default:
			err = d.begin()
		}
		if err != nil {
			return o.at, err
		}
	}
	return o.at, nil
}

// begin reads the beginning of a block.
func (d *deflate) begin() error {
	d.final = d.take(1) == 1
	kind := d.take(2)
	if err := d.missing(0); err != nil {
		return err
	}
	switch kind {
	case 0:
		d.block = (*deflate).copyStored
		return d.beginStored()
	case 1:
		d.block = (*deflate).codes
		return d.beginFixed()
	case 2:
		d.block = (*deflate).codes
		return d.beginDynamic()
	}
	return errBlock
}

func (d *deflate) beginStored() error {
	d.align()
	size, check := d.take(16), d.take(16)
	if err := d.missing(0); err != nil {
		return err
	}
	if size != ^check&0xffff {
		return errStored
	}
	d.align()
	d.stored = int(size)
	return nil
}

func (d *deflate) copyStored(window []byte, o output) (uint, error) {
	for d.stored > 0 && o.at < o.goal {
		d.in.fill(1)
		from := d.in.b[d.in.pos:]
		if len(from) == 0 {
			return o.at, d.ended()
		}
		n := copy(window[o.at:o.goal], from[:min(len(from), d.stored)])
		d.in.pos += n
		d.stored -= n
		o.at += uint(n)
	}
	if d.stored == 0 {
		d.block = nil
	}
	return o.at, nil
}

// codes decodes a block of codes: fast as long as there is enough input for that, else one symbol at a time.
func (d *deflate) codes(window []byte, o output) (uint, error) {
	for d.block != nil && o.at < o.goal {
		var err error
		d.fill(fastInput)
		if len(d.in.b)-d.in.pos >= fastInput {
			o.at, err = d.fast(window, o)
		} else {
			o.at, err = d.careful(window, o)
		}
		if err != nil {
			return o.at, err
		}
	}
	return o.at, nil
}

// fill tries to have n bytes ahead of the bit buffer. Whole bytes go back first, because what stands before the place may not be there afterwards.
func (d *deflate) fill(n int) {
	if len(d.in.b)-d.in.pos < n && d.in.err == nil {
		d.giveBack()
		d.in.fill(n)
	}
}

func (d *deflate) giveBack() {
	d.in.pos -= int(d.count / 8)
	d.count %= 8
}

// align drops the rest of a byte.
func (d *deflate) align() {
	d.giveBack()
	d.buffer, d.count = 0, 0
}

// refill tops the bit buffer up to at least 57 bits, when so many come.
func (d *deflate) refill() {
	d.fill(8)
	for d.count <= 56 && d.in.pos < len(d.in.b) {
		d.buffer |= uint64(d.in.b[d.in.pos]) << d.count
		d.in.pos++
		d.count += 8
	}
}

// take returns the next n bits, up to 16. When they are not there count becomes negative: see missing.
func (d *deflate) take(n uint) uint {
	if d.count < n {
		d.refill()
	}
	v := uint(d.buffer) & (1<<n - 1)
	d.buffer >>= n
	d.count -= n
	return v
}

// missing is an error when more bits were taken, or n bits are to be taken, than there are.
func (d *deflate) missing(n uint) error {
	if int(d.count) < int(n) {
		d.count = 0
		return d.ended()
	}
	return nil
}

// ended is why nothing more comes, in the middle of the data.
func (d *deflate) ended() error {
	if d.in.err == io.EOF { //nolint:errorlint // A wrapped EOF is an error of whoever wrapped it.
		return fmt.Errorf("in the middle of a block: %w", io.ErrUnexpectedEOF)
	}
	return d.in.err
}
