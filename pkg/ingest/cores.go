package ingest

import "sync/atomic"

// limit is how many may do something at once.
type limit chan struct{}

func (l limit) acquire() { l <- struct{}{} }
func (l limit) release() { <-l }

// cores are what objects are parsed on. Whoever parses has one, or waits for one in the order of asking.
type cores struct {
	taken  limit
	asking atomic.Int32 // Who wait.
}

func newCores(n int) *cores { return &cores{taken: make(limit, n)} }

func (c *cores) acquire() {
	c.asking.Add(1)
	c.taken.acquire()
	c.asking.Add(-1)
}

func (c *cores) release() { c.taken.release() }

// spare takes a core only when one is free.
func (c *cores) spare() bool {
	select {
	case c.taken <- struct{}{}:
		return true
	default:
		return false
	}
}

// wanted says that somebody waits for a core.
func (c *cores) wanted() bool { return c.asking.Load() > 0 }
