package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"flowd/e2e/golden"
	"flowd/e2e/loopback"
)

const (
	// lookInterval is the time between two looks at a queue that is running empty.
	lookInterval = 200 * time.Millisecond
	// settled is how many looks in a row must find an empty queue and the same totals before they are taken for the last word: a label set that is
	// new needs two scrapes to show what it counted.
	settled = 15
	// patience is how long the queue may take to run empty.
	patience = 5 * time.Minute
)

// finish lets the queue run empty without kills, holds what is counted against the golden totals, and starts flowd once more for the same.
func (n *runner) finish(ctx context.Context) error {
	if n.disk != nil {
		if err := n.disk.free(); err != nil {
			return err
		}
	}
	if err := n.traffic.flush(ctx); err != nil {
		return err
	}
	if err := n.drain(ctx); err != nil {
		return err
	}
	dead, err := n.endpoint.Messages(ctx, n.endpoint.DeadName())
	if err != nil {
		return err
	}
	n.result.dead, n.result.uncounted = dead, int64(n.traffic.golden.Objects)-n.result.counted
	if dead > 0 {
		if err := n.endpoint.redrive(ctx); err != nil {
			return err
		}
		return n.drain(ctx)
	}
	return nil
}

// drain runs flowd until the queue is empty, stops it as a service manager does, and looks at what the next one restores.
func (n *runner) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the queue did not run empty"))
	defer cancel()
	p, err := n.empty(ctx)
	if err != nil {
		return err
	}
	if code := p.End(syscall.SIGTERM); code != 0 {
		return fmt.Errorf("exit code after SIGTERM: got %d, want 0\n%s", code, p.Stderr)
	}
	if p, err = n.start(ctx); err != nil {
		return err
	}
	_, _, err = n.compare(ctx, p)
	p.End(syscall.SIGKILL)
	return errors.Join(err, n.noteErrors(p))
}

// empty returns a flowd that found the queue empty. One that ends by itself on the way, where it may, is started again, as a service manager does.
func (n *runner) empty(ctx context.Context) (*process, error) {
	for {
		p, err := n.start(ctx)
		if err != nil {
			return nil, err
		}
		if err = n.untilEmpty(ctx, p); err == nil {
			return p, nil
		}
		if !errors.Is(err, loopback.ErrEnded) || n.ended(p, err) != nil {
			p.End(syscall.SIGKILL)
			return nil, fmt.Errorf("letting the queue run empty: %w\n%s", err, p.Stderr)
		}
	}
}

// start retries as long as flowd may end by itself.
func (n *runner) start(ctx context.Context) (*process, error) {
	for {
		p, err := n.launch()
		if err != nil {
			return nil, err
		}
		first, err := p.up(ctx)
		if err == nil {
			return p, n.look(first)
		}
		if err := n.ended(p, err); err != nil {
			return nil, err
		}
	}
}

func (n *runner) untilEmpty(ctx context.Context, p *process) error {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for same, last := 0, -1.0; ; {
		done, sum, err := n.compare(ctx, p)
		switch {
		case err != nil:
			return err
		case done && sum == 0:
			return nil
		case done && sum == last:
			same++
		default:
			same = 0
		}
		if last = sum; same >= settled {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-p.Exited:
			return loopback.ErrEnded
		case <-tick.C:
		}
	}
}

// compare says whether the queue is empty, and how far the totals are from the golden ones.
func (n *runner) compare(ctx context.Context, p *process) (empty bool, sum float64, err error) {
	left, err := n.endpoint.Messages(ctx, name)
	if err != nil {
		return false, 0, err
	}
	body, err := p.scrape(ctx)
	if err != nil {
		return false, 0, err
	}
	s, err := golden.Parse(body)
	if err != nil {
		return false, 0, err
	}
	n.watch.lookAt(s, n.result.kills)
	n.result.counted = int64(s["flowd_objects_counted_total"])
	n.result.difference, n.result.differs = golden.Difference(&n.traffic.golden, s)
	return left == 0, n.result.difference, nil
}
