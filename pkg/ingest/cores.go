package ingest

import "sync/atomic"

// limit is how many may do something at once.
type limit chan struct{}

func (l limit) acquire() { l <- struct{}{} }
func (l limit) release() { <-l }

// cores are what objects are parsed on. An object has one while it is parsed, and those that wait get theirs in the order of asking. One that is alone may
// have two; see [borrowed].
type cores struct {
	taken  limit
	asking atomic.Int32 // How many wait.
}

func newCores(n int) *cores { return &cores{taken: make(limit, n)} }

func (c *cores) acquire() {
	if !c.free() {
		c.asking.Add(1)
		c.taken.acquire()
		c.asking.Add(-1)
	}
}

// free takes a core if one is free.
func (c *cores) free() bool {
	select {
	case c.taken <- struct{}{}:
		return true
	default:
		return false
	}
}

func (c *cores) release() { c.taken.release() }

// spare takes another core for an object that has one, or just gave it away to wait for the network, when no other object has any.
func (c *cores) spare() bool { return len(c.taken) <= 1 && c.free() }

// wanted says that somebody waits for a core.
func (c *cores) wanted() bool { return c.asking.Load() > 0 }
