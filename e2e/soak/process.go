package main

import (
	"context"
	"path/filepath"
	"time"

	"flowd/e2e/golden"
	"flowd/e2e/loopback"
)

// process is the flowd that runs.
type process struct{ *loopback.Process }

// launch starts flowd, inside of the cgroup if there is one.
func launch(binary, dir string, e *endpoint, group *cgroup) (*process, error) {
	address, err := loopback.FreeAddress()
	if err != nil {
		return nil, err
	}
	argv := append([]string{binary}, e.RunArgs(filepath.Join(dir, "state"), address)...)
	if group != nil {
		argv = group.inside(argv)
	}
	p, err := loopback.Launch(append(argv, "--sqs.visibility-timeout=10s"), dir, address)
	if err != nil {
		return nil, err
	}
	return &process{p}, nil
}

// up waits for the first answer.
func (p *process) up(ctx context.Context) error {
	for {
		if _, err := p.scrape(ctx); err == nil {
			return nil
		}
		if err := p.pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// pause waits, and fails when flowd ends meanwhile.
func (p *process) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.Exited:
		return loopback.ErrEnded
	}
}

func (p *process) scrape(ctx context.Context) (golden.Samples, error) {
	body, err := p.Get(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	return golden.Parse(body)
}
