package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"flowd/e2e/loopback"
)

// runner is a round that runs.
type runner struct {
	*round
	result   *result
	binary   string
	dir      string
	address  string
	endpoint *endpoint
	traffic  *traffic
	dice     *dice
	watch    watch
	disk     *disk
	exits    int // In a row.
	progress io.Writer
}

// run does a round. What went wrong is in the result.
func (r *round) run(ctx context.Context, dir, binary string, progress io.Writer) result {
	began, res := time.Now(), result{round: r}
	n := &runner{round: r, result: &res, binary: binary, dice: newDice(r.seed, streamKills), endpoint: newEndpoint(r), progress: progress}
	res.err = n.run(ctx, dir)
	res.took = time.Since(began)
	return res
}

func (n *runner) run(ctx context.Context, dir string) (err error) {
	if n.dir, err = os.MkdirTemp(dir, "round-"); err != nil {
		return err
	}
	defer n.close()
	if err := n.prepare(ctx); err != nil {
		return err
	}
	defer n.collect()
	for _, part := range []func(context.Context) error{n.cycles, n.pointCycles, n.finish} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the state directory, the endpoint and everything at it.
func (n *runner) prepare(ctx context.Context) (err error) {
	if err := os.Mkdir(n.state(), 0o700); err != nil {
		return err
	}
	if n.round.disk {
		if n.disk, err = mountDisk(ctx, n.state()); err != nil {
			return err
		}
	}
	if n.address, err = loopback.FreeAddress(); err != nil {
		return err
	}
	if err := n.endpoint.Serve(n.endpoint); err != nil {
		return err
	}
	if n.traffic, err = newTraffic(n.round, n.endpoint); err != nil {
		return err
	}
	return n.setUp(ctx)
}

// setUp is not disturbed by faults: bootstrap has tests of its own.
func (n *runner) setUp(ctx context.Context) error {
	n.endpoint.calm.Store(true)
	defer n.endpoint.calm.Store(false)
	return n.endpoint.SetUp(ctx, n.binary, n.dir, n.redrive)
}

// collect puts into the result what others counted.
func (n *runner) collect() {
	n.result.objects, n.result.watch = n.traffic.golden.Objects, n.watch
	n.result.redelivered, n.result.failed = n.endpoint.redelivered.Load(), n.endpoint.failed.Load()
}

func (n *runner) close() {
	n.endpoint.Close()
	if n.disk != nil {
		if err := n.disk.unmount(); err != nil {
			fmt.Fprintf(n.progress, "%s: unmounting %s: %v\n", n.name, n.state(), err)
		}
	}
}

func (n *runner) state() string { return filepath.Join(n.dir, "state") }

func (n *runner) launch(env ...string) (*process, error) {
	p, err := loopback.Launch(append([]string{n.binary}, n.endpoint.RunArgs(n.state(), n.address)...), n.dir, n.address, env...)
	if err != nil {
		return nil, err
	}
	return &process{p}, nil
}
