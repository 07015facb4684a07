package main

import (
	"context"
	"time"

	"flowd/e2e/loopback"
)

// process is a flowd that runs.
type process struct{ *loopback.Process }

// pollInterval is how often a starting flowd is asked for a scrape: often enough to see what it restored before it counts more.
const pollInterval = time.Millisecond

// up waits for the first answer, and returns what it shows.
func (p *process) up(ctx context.Context) (shown, error) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if now, err := p.both(ctx); err == nil {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return shown{}, context.Cause(ctx)
		case <-p.Exited:
			return shown{}, loopback.ErrEnded
		case <-tick.C:
		}
	}
}

// shown is what flowd shows to whoever asks, as it answered; nil is what was not asked for.
type shown struct {
	status []byte // Of the JSON API: it answers at once, so that a kill may follow within a millisecond.
	scrape []byte
}

func (p *process) both(ctx context.Context) (now shown, err error) {
	if now.status, err = p.status(ctx); err == nil {
		now.scrape, err = p.scrape(ctx)
	}
	return now, err
}

func (p *process) scrape(ctx context.Context) ([]byte, error) { return p.Get(ctx, "/metrics") }

func (p *process) status(ctx context.Context) ([]byte, error) { return p.Get(ctx, "/api/v1/status") }
