package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"flowd/e2e/loopback"
)

const (
	// aimLatest is the latest instant of an aimed kill, after an object was fetched, and aimPatience how long it waits for one.
	aimLatest   = 3 * time.Millisecond
	aimPatience = 50 * time.Millisecond
)

const (
	// idleKill is when flowd is killed although it got no message.
	idleKill = 2 * time.Second
	// maxExits is how often in a row flowd may end by itself before it was up.
	maxExits = 100
	// progressEvery is how many kills there are between two lines of progress.
	progressEvery = 100
)

// cycles kills flowd, again and again.
func (n *runner) cycles(ctx context.Context) error {
	for reported := 0; n.result.kills < n.kills; {
		if err := n.cycle(ctx); err != nil {
			return fmt.Errorf("after %d kills: %w", n.result.kills, err)
		}
		if n.result.kills >= reported+progressEvery {
			reported = n.result.kills
			fmt.Fprintf(n.progress, "%s: %d kills, %d objects, %d step-backs\n", n.name, n.result.kills, n.traffic.golden.Objects, n.watch.stepsBack)
		}
	}
	return nil
}

// cycle starts flowd, delivers while it works, and kills it.
func (n *runner) cycle(ctx context.Context) error {
	if err := n.disturb(); err != nil {
		return err
	}
	p, err := n.launch()
	if err != nil {
		return err
	}
	delivered := make(chan error, 1)
	go func() { delivered <- n.traffic.deliver(ctx, n.objects) }()
	return errors.Join(n.lives(ctx, p), <-delivered)
}

// lives is the life of one flowd, up to its kill.
func (n *runner) lives(ctx context.Context, p *process) error {
	err := n.working(ctx, p)
	if err != nil {
		return n.ended(p, err)
	}
	last, err := n.lookAndKill(ctx, p)
	if err != nil {
		return n.ended(p, err)
	}
	if err := n.look(last); err != nil {
		return err
	}
	n.result.kills++
	n.result.duplicates += n.watch.duplicates
	return n.noteErrors(p)
}

// working waits until flowd is up, which shows what it restored, and has got a message.
func (n *runner) working(ctx context.Context, p *process) error {
	forget(n.endpoint.received) // What an earlier flowd got does not count.
	first, err := p.up(ctx)
	if err != nil {
		return err
	}
	n.exits = 0
	if err := n.look(first); err != nil {
		return err
	}
	select {
	case <-n.endpoint.received:
	case <-time.After(idleKill):
	case <-p.Exited:
		return loopback.ErrEnded
	}
	return nil
}

// lookAndKill scrapes at a random instant and kills at a later one. An aimed kill comes when the answer of the JSON API has just arrived: if that
// showed what is not durable, the next start shows less.
func (n *runner) lookAndKill(ctx context.Context, p *process) (last shown, err error) {
	kill := n.dice.between(n.earliest, n.latest)
	scrape, timer := n.dice.between(0, kill), time.NewTimer(kill)
	defer timer.Stop()
	moment, aimed := n.dice.between(0, aimLatest), n.dice.chance(n.aimed)
	time.Sleep(scrape)
	if last.scrape, err = p.scrape(ctx); err != nil {
		return last, err
	}
	<-timer.C
	if aimed {
		n.aim(moment)
		if last.status, err = p.status(ctx); err != nil {
			return last, err
		}
	}
	p.End(syscall.SIGKILL)
	return last, nil
}

// aim waits until an object was fetched, and then for the moment.
func (n *runner) aim(moment time.Duration) {
	forget(n.endpoint.fetched)
	select {
	case <-n.endpoint.fetched:
	case <-time.After(aimPatience):
	}
	time.Sleep(moment)
}

// ended explains why flowd did not live until its kill, and lets it pass in rounds that bear that.
func (n *runner) ended(p *process, err error) error {
	code := p.End(syscall.SIGKILL)
	if noted := n.noteErrors(p); noted != nil {
		return noted
	}
	const failure = 1
	if n.exits++; !errors.Is(err, loopback.ErrEnded) && code < 0 || !n.bearsExits() || code != failure || n.exits > maxExits {
		return fmt.Errorf("%w, exit code %d\n%s", err, code, p.Stderr)
	}
	n.result.exits++
	return nil
}

// noteErrors counts what matters in the log: a panic is never right.
func (n *runner) noteErrors(p *process) error {
	n.result.noSpace += p.Stderr.Count("no space left on device")
	if log := p.Stderr.String(); strings.Contains(log, "panic") {
		return fmt.Errorf("flowd panicked:\n%s", log)
	}
	return nil
}

// look looks at what was shown.
func (n *runner) look(now shown) error { return n.watch.look(now, n.result.kills) }

// disturb fills the disk, or makes space, before a start.
func (n *runner) disturb() error {
	const often = 0.5
	switch {
	case n.disk == nil || !n.dice.chance(often):
		return nil
	case n.disk.full:
		return n.disk.free()
	}
	return n.disk.fill()
}
