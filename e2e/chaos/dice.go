package main

import (
	"math/rand/v2"
	"sync"
	"time"
)

// dice is chance from a seed. It may be used by any goroutine; then only the numbers are the seed's, and not who gets which.
type dice struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// Each use has a stream of its own, so that more of one does not change another.
const (
	streamKills = iota
	streamFaults
	streamOrder
	streamDelivery
)

func newDice(seed, stream uint64) *dice { return &dice{rng: rand.New(rand.NewPCG(seed, stream))} }

// chance is true with probability p.
func (d *dice) chance(p float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Float64() < p
}

// below is a number from 0 to n-1.
func (d *dice) below(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.IntN(n)
}

// between is a duration from lo up to, and without, hi.
func (d *dice) between(lo, hi time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return lo + time.Duration(d.rng.Int64N(int64(hi-lo)))
}
