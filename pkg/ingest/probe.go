package ingest

import (
	"context"
	"time"
)

const (
	probeFirst = 5 * time.Second
	probeLast  = 50 * time.Second // With its jitter, a minute.
	// maxHeld is how many messages that failed the probing worker keeps in hand.
	maxHeld = 32
	// nothingToLose is when the last of the messages that failed before has come back, or is somebody else's.
	nothingToLose = releaseMost * 3 / 2
)

// probe is what the probing worker has in hand: messages that failed. It keeps them invisible and tries them again in turn, which costs no receive.
type probe struct {
	held  []*delivery
	fresh time.Time // When something was received.
	tries int       // Since the last swap,
	swap  int       // and after how many the next one is due.
}

// waitForRecovery makes the first worker that comes probe, and the others wait for it.
func (c *Consumer) waitForRecovery(ctx, work context.Context, r *reader) {
	r.pulse.rest()
	select {
	case c.circuit.turn <- struct{}{}:
		defer c.circuit.turn.release()
		c.probe(ctx, work, r)
	case <-c.circuit.untilClosed():
	case <-ctx.Done():
	}
}

// finish hands a message over. One that failed by an outage is the first to probe with, if nobody probes yet.
func (c *Consumer) finish(ctx, work context.Context, r *reader, d *delivery) {
	if !d.suspect || !c.circuit.isOpen() {
		c.settling <- d
		return
	}
	select {
	case c.circuit.turn <- struct{}{}:
		defer c.circuit.turn.release()
		c.settleCommits(work, d)
		c.probe(ctx, work, r, d)
	default:
		c.settling <- d
	}
}

// probe tries one message after the other, until one is counted. Those in held have failed already.
func (c *Consumer) probe(ctx, work context.Context, r *reader, held ...*delivery) {
	p := &probe{held: held, fresh: time.Now(), swap: maxHeld}
	defer c.letGo(ctx, p)
	for pause := probeFirst; c.circuit.isOpen(); pause = min(2*pause, probeLast) {
		r.pulse.beat(c.began)
		if sleep(ctx, c.jitter(pause)); ctx.Err() != nil {
			return
		}
		for d := c.take(ctx, p); d != nil; d = c.take(ctx, p) {
			r.pulse.beat(c.began)
			if !c.attempt(work, r, d) {
				p.held = append(p.held, d)
				break
			}
			if !c.circuit.isOpen() {
				return
			}
			// What neither failed nor was counted proves nothing, and the next one may.
		}
	}
}

// letGo leaves what is still in hand: the outage is over by another message's word, or flowd stops.
func (c *Consumer) letGo(ctx context.Context, p *probe) {
	for _, d := range p.held {
		if ctx.Err() != nil {
			d.reason = reasonDrained
		}
		c.settling <- d
	}
}

// take returns a message that was not tried yet, if there is one, else the one whose turn it is: perhaps those in hand are the only ones that
// cannot be counted. When too many are in hand it takes a new one for an old one, less and less often, so that days cost few receives.
func (c *Consumer) take(ctx context.Context, p *probe) *delivery {
	p.tries++
	full := len(p.held) == maxHeld
	if !c.memory.isShort() && (!full || p.tries >= p.swap) {
		m, err := c.receive(ctx, 0)
		switch {
		case err != nil:
			c.receiveFailed(ctx, err)
			return nil
		case m != nil:
			p.fresh = time.Now()
			if full {
				c.settling <- p.pop()
				p.tries, p.swap = 0, 2*p.swap
			}
			return c.accept(m)
		}
	}
	if len(p.held) > 0 {
		return p.pop()
	}
	if time.Since(p.fresh) > nothingToLose {
		c.circuit.recovered()
	}
	return nil
}

func (p *probe) pop() *delivery {
	d := p.held[0]
	p.held = p.held[1:]
	return d
}

// attempt works on a message from its beginning. It is false when the message failed by what may be the outage, and is to be kept.
func (c *Consumer) attempt(work context.Context, r *reader, d *delivery) bool {
	d.again()
	c.handleObjects(work, r, d)
	counted := c.settleCommits(work, d)
	if d.suspect {
		return false
	}
	if counted {
		c.circuit.recovered()
	}
	c.settling <- d
	return true
}
