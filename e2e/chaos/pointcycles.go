package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"flowd/e2e/loopback"
)

const (
	// pointHits is how often each failpoint must happen, within so many processes.
	pointHits  = 3
	pointLives = 30
	// pointLife is when a flowd that lives on is killed.
	pointLife = 300 * time.Millisecond
	// pointOdds is how often an armed failpoint at the endpoint happens.
	pointOdds = 0.5
)

// pointCycles goes through the failpoints. Each must happen: a failpoint that nothing reaches proves nothing.
func (n *runner) pointCycles(ctx context.Context) error {
	for _, p := range n.points {
		hits, lives := 0, 0
		for ; hits < pointHits && lives < pointLives; lives++ {
			h, err := n.pointCycle(ctx, p)
			if err != nil {
				return fmt.Errorf("failpoint %s: %w", p, err)
			}
			hits += h
		}
		if hits < pointHits {
			return fmt.Errorf("failpoint %s happened %d times in %d processes, want %d", p, hits, lives, pointHits)
		}
		n.result.hits = append(n.result.hits, fmt.Sprintf("%s %d", p, hits))
	}
	return nil
}

// pointCycle starts flowd with a failpoint armed, and delivers until that ended it, or long enough.
func (n *runner) pointCycle(ctx context.Context, p point) (hits int, err error) {
	var env []string
	if !p.atEndpoint() {
		env = append(env, failpointVariable+"="+p.String())
	}
	f, err := n.launch(env...)
	if err != nil {
		return 0, err
	}
	a := &arming{point: p, odds: pointOdds, kill: func() { f.End(syscall.SIGKILL) }}
	if p.atEndpoint() {
		n.endpoint.armed.Store(a)
		defer n.endpoint.armed.Store(nil)
	}
	delivered := make(chan error, 1)
	go func() { delivered <- n.traffic.deliver(ctx, n.objects) }()
	err = errors.Join(n.pointLives(ctx, f), <-delivered)
	return int(a.hits.Load()) + f.Stderr.Count("failpoint "+p.String()+"\n"), err
}

// pointLives is the life of a flowd with a failpoint: it ends by itself, or is killed.
func (n *runner) pointLives(ctx context.Context, p *process) error {
	first, err := p.up(ctx)
	if err == nil {
		err = n.look(first)
	}
	if err != nil && !errors.Is(err, loopback.ErrEnded) {
		p.End(syscall.SIGKILL)
		return err
	}
	select {
	case <-p.Exited:
	case <-time.After(pointLife):
	}
	if body, err := p.scrape(ctx); err == nil { // It may be gone.
		if err := n.look(shown{scrape: body}); err != nil {
			return err
		}
		n.result.duplicates += n.watch.duplicates
	}
	const failure = 1
	switch code := p.End(syscall.SIGKILL); code {
	case -1: // Killed, by itself or from here.
		n.result.kills++
	case failure:
		n.result.exits++
	default:
		return fmt.Errorf("exit code %d\n%s", code, p.Stderr)
	}
	return n.noteErrors(p)
}
