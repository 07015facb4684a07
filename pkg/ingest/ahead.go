package ingest

import "flowd/internal/inflate"

// worthAhead is the size of an object, in bytes as stored, from which on a second core is worth handing text over.
const worthAhead = 64 << 10

// borrowed is text that is inflated on the body's core while it is parsed on another one, which was spare. That is given back as soon as somebody wants
// it; then both share what there is until the object ends, and no further object does the same meanwhile.
type borrowed struct {
	text  *inflate.Ahead
	cores *cores
	held  bool
}

// inflateAhead gives the scanner text from the body's core; the caller has a spare one. Whoever calls it calls done in the end.
func (d *decoder) inflateAhead(body *watchedBody) (done func()) {
	if d.ahead == nil {
		d.ahead = inflate.NewAhead()
	}
	b := &borrowed{d.ahead, body.cores, true}
	d.ahead.Start(d.inflate)
	d.scanner.ResetBlocks(b)
	return func() {
		body.abandon() // What is read ahead may wait for the network, and nobody wants it any more.
		d.ahead.Stop()
		b.giveBack()
	}
}

// Next implements [parser.Blocks].
func (b *borrowed) Next(unread int) ([]byte, error) {
	if b.cores.wanted() {
		b.giveBack()
	}
	return b.text.Next(unread)
}

func (b *borrowed) giveBack() {
	if b.held {
		b.held = false
		b.cores.release()
	}
}
