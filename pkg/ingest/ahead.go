package ingest

import "flowd/internal/inflate"

// worthAhead is the size of an object, in bytes as stored, from which on a second core is worth handing text over.
const worthAhead = 64 << 10

// borrowed is text that is inflated on the body's core while it is parsed on another one, which no other object needs. That is given back when somebody
// asks for it, with the next piece, and whenever there is no piece to go on with. Then the object goes on without it: two goroutines with the
// body's core. There is no more than one such object.
type borrowed struct {
	text  *inflate.Ahead
	cores *cores
	held  bool
}

// inflateAhead gives the scanner text from the body's core, to parse on one that was lent. Whoever calls it calls done in the end.
func (d *decoder) inflateAhead(body *watchedBody) (done func()) {
	if d.ahead == nil {
		d.ahead = inflate.NewAhead()
	}
	b := &borrowed{text: d.ahead, cores: body.cores}
	d.ahead.Start(d.inflate)
	d.scanner.ResetBlocks(b)
	return func() {
		body.abandon() // What is read ahead may wait for the network, and nobody wants it any more.
		b.giveBack()
		d.ahead.Stop()
		body.cores.unlend()
	}
}

// Next implements [parser.Blocks].
func (b *borrowed) Next(unread int) ([]byte, error) {
	if b.cores.wanted() || !b.text.Ready() {
		b.giveBack()
	}
	text, err := b.text.Next(unread)
	b.held = b.held || !b.cores.wanted() && b.cores.spare()
	return text, err
}

func (b *borrowed) giveBack() {
	if b.held {
		b.held = false
		b.cores.release()
	}
}
