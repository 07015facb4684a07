package ingest

import "sync/atomic"

// limit is how many may do something at once.
type limit chan struct{}

func (l limit) acquire() { l <- struct{}{} }
func (l limit) release() { <-l }

// try is false instead of waiting.
func (l limit) try() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

// cores are what objects are parsed on. An object has one while it is parsed, and those that wait get theirs in the order of asking. One that is alone may
// have two; see [borrowed].
type cores struct {
	taken  limit
	asking atomic.Int32 // How many wait.
	lent   limit        // The one object that may have two has it.
}

func newCores(n int) *cores { return &cores{taken: make(limit, n), lent: make(limit, 1)} }

func (c *cores) acquire() {
	if !c.taken.try() {
		c.asking.Add(1)
		c.taken.acquire()
		c.asking.Add(-1)
	}
}

func (c *cores) release() { c.taken.release() }

// lend is true for one object at a time, which has a core and may ask for a spare one until it calls unlend.
func (c *cores) lend() bool { return len(c.taken) == 1 && cap(c.taken) > 1 && c.lent.try() }
func (c *cores) unlend()    { c.lent.release() }

// spare takes another core for an object that has one, or gave it away to wait for the network, when no other object seems to have any.
func (c *cores) spare() bool { return len(c.taken) <= 1 && c.taken.try() }

// wanted says that somebody waits for a core.
func (c *cores) wanted() bool { return c.asking.Load() > 0 }
