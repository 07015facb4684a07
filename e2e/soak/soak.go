package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"flowd/e2e/golden"
	"flowd/e2e/loopback"
	"flowd/internal/flowgen"
)

// soak is a run.
type soak struct {
	options
	progress io.Writer
	dir      string
	endpoint *endpoint
	group    *cgroup // Nil without a limit of memory.
	flowd    *process
	golden   flowgen.Totals
	sent     int
	planted  []string // Keys of broken objects, in the order of their names.
	looks    []look
	first    time.Time
	result   result
}

// patience is how long the queue may take to run empty.
const patience = 15 * time.Minute

// prepare builds flowd, sets up bucket and queues with it, and starts it.
func (s *soak) prepare(ctx context.Context) (err error) {
	if s.memory > 0 {
		if s.group, err = newCgroup(int64(s.memory)); err != nil {
			return err
		}
	}
	if s.dir, err = os.MkdirTemp("", "flowd-soak-"); err != nil {
		return err
	}
	binary := filepath.Join(s.dir, "flowd")
	if err := loopback.Build(ctx, binary, ""); err != nil {
		return err
	}
	if s.endpoint, err = newEndpoint(s.visibility); err != nil {
		return err
	}
	if err := s.endpoint.SetUp(ctx, binary, s.dir, s.redrive); err != nil {
		return err
	}
	s.flowd, err = launch(binary, s.dir, s.endpoint, s.group)
	return err
}

func (s *soak) close() {
	if s.flowd != nil {
		s.flowd.End(syscall.SIGKILL)
	}
	if s.endpoint != nil {
		s.endpoint.Close()
	}
	if s.group != nil {
		if err := s.group.remove(); err != nil {
			fmt.Fprintln(s.progress, "removing the cgroup:", err)
		}
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir) // It is in the folder for temporary files.
	}
}

// work delivers, looks meanwhile, waits until everything has its fate, and compares.
func (s *soak) work(ctx context.Context) error {
	if err := s.flowd.up(ctx); err != nil {
		return err
	}
	s.first = time.Now()
	looking, stop := context.WithCancel(ctx)
	defer stop()
	watched := make(chan error, 1)
	go func() { watched <- s.watch(looking) }()
	deliver := s.steady
	if s.group != nil {
		deliver = s.heavy
	}
	if err := deliver(ctx); err != nil {
		return err
	}
	stop() // What comes is another load: the queue runs empty.
	if err := <-watched; err != nil {
		return err
	}
	if err := s.finish(ctx); err != nil {
		return err
	}
	if code := s.flowd.End(syscall.SIGTERM); code != 0 {
		return fmt.Errorf("exit code after SIGTERM: got %d, want 0", code)
	}
	return nil
}

// finish waits until the queue is empty and the totals are golden, or do not change any more.
func (s *soak) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the queue did not run empty"))
	defer cancel()
	for same, last := 0, -1.0; same < 10; {
		left, err := s.endpoint.Messages(ctx, name)
		if err != nil {
			return err
		}
		got, err := s.flowd.scrape(ctx)
		if err != nil {
			return err
		}
		compare := golden.Difference
		if s.group != nil {
			compare = golden.SumDifference // A million interfaces are more than there are label sets.
		}
		sum, first := compare(&s.golden, got)
		s.result.difference, s.result.differs, s.result.counted = sum, first, uint64(got["flowd_objects_counted_total"])
		switch {
		case left == 0 && sum == 0:
			return s.collect(ctx)
		case left == 0 && sum == last:
			same++ // A label set that is new needs two scrapes to show what it counted.
		}
		last = sum
		if err := s.flowd.pause(ctx, time.Second); err != nil {
			return err
		}
	}
	return s.collect(ctx)
}

// collect reads what is on the dead-letter queue, and what the cgroup has seen.
func (s *soak) collect(ctx context.Context) (err error) {
	if s.result.dead, err = s.endpoint.deadLetters(ctx); err != nil {
		return err
	}
	if s.group != nil {
		s.result.peak, s.result.failures, err = s.group.seen()
	}
	return err
}

// watch looks until ctx ends. Under a limit of memory it only notes that flowd lives.
func (s *soak) watch(ctx context.Context) error {
	for {
		if err := s.flowd.pause(ctx, s.interval); err != nil {
			return ignoreEnd(ctx, err)
		}
		got, err := s.flowd.scrape(ctx)
		if err != nil {
			return ignoreEnd(ctx, err)
		}
		l := lookOf(time.Since(s.first), got)
		s.looks = append(s.looks, l)
		fmt.Fprintln(s.progress, l)
	}
}

// ignoreEnd is for errors that come from being told to stop.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
