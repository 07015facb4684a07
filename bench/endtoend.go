package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"flowd/bench/endpoint"
)

const (
	endToEnd = "`flowd run`, from the queue to the delete"
	// deliveries is how often each file is delivered, under keys of its own: what a process takes to start and stop then is little of the whole.
	deliveries = 3
)

// service compares a whole flowd run with the analysis of the same objects, on one core each. The endpoint has the rest of the machine.
func service(ctx context.Context, t tools, d dataset, core int, b budget) (*race, error) {
	all := d.times(deliveries)
	r := &race{data: all, peers: []peer{{flowdAnalyze, t.analyze(all, []int{core})}}}
	for n := range b.rounds {
		began := time.Now()
		analyzed, err := r.peers[0].command.run(ctx)
		if err != nil {
			return nil, err
		}
		ran, err := runService(ctx, t, d, core)
		if err != nil {
			return nil, fmt.Errorf("end to end: %w", err)
		}
		r.rounds = append(r.rounds, map[string]usage{flowdAnalyze: analyzed, endToEnd: ran})
		if b.over("end to end", n, began) {
			break
		}
	}
	return r, nil
}

// runService delivers everything before flowd starts, and stops it when the last message is deleted.
func runService(ctx context.Context, t tools, d dataset, core int) (u usage, err error) {
	dir, err := os.MkdirTemp("", "flowd-bench-")
	if err != nil {
		return usage{}, err
	}
	defer os.RemoveAll(dir)
	e, err := endpoint.New()
	if err != nil {
		return usage{}, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if err := errors.Join(e.SetUp(ctx, t.flowd, dir), deliver(ctx, e, d)); err != nil {
		return usage{}, err
	}
	began := time.Now()
	p, err := e.Launch([]string{"taskset", "-c", strconv.Itoa(core)}, t.flowd, dir, "GOMAXPROCS=1")
	if err != nil {
		return usage{}, err
	}
	waited := p.UntilEmpty(ctx)
	peak, measured := p.Peak()
	state, err := p.End()
	if err := errors.Join(waited, measured, err, read(e, deliveries*len(d.files))); err != nil {
		return usage{}, err
	}
	u, err = used(state)
	u.wall, u.memory = time.Since(began), peak
	return u, err
}

// read is an error unless each object was read once: one that could not be counted is read again, or its message stays.
func read(e *endpoint.Endpoint, objects int) error {
	if got := e.Calls()["S3 GET"]; got != objects {
		return fmt.Errorf("flowd read %d objects, want %d", got, objects)
	}
	return nil
}

func deliver(ctx context.Context, e *endpoint.Endpoint, d dataset) error {
	for n := range deliveries {
		for i, path := range d.files {
			body, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := e.Deliver(ctx, key(n*len(d.files)+i), body); err != nil {
				return err
			}
		}
	}
	return nil
}

// key is one as AWS makes them.
func key(n int) string {
	const day = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/01/"
	return fmt.Sprintf("%s123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20260101T0000Z_%08x.log.gz", day, n)
}
