// Command cost counts the calls of AWS that flowd makes, and what they cost at list prices.
//
//	go run ./cmd/cost --write ../docs/cost.md
//
// It runs the real flowd against the in-process endpoint: with a backlog, with objects that come one at a time, at a steady rate, and with nothing to do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"flowd/bench/endpoint"
	"flowd/bench/page"
)

type options struct {
	objects int           // Of the backlog.
	single  int           // That come one at a time.
	rate    int           // A second, for as long as steady.
	steady  time.Duration // How long.
	idle    time.Duration
	write   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	flag.IntVar(&o.objects, "objects", 1000, "of the backlog")
	flag.IntVar(&o.single, "single", 30, "objects that come one at a time")
	flag.IntVar(&o.rate, "rate", 50, "objects a second at the steady rate")
	flag.DurationVar(&o.steady, "steady", 15*time.Second, "how long the steady rate lasts")
	flag.DurationVar(&o.idle, "idle", 2*time.Minute, "how long to watch flowd with nothing to do")
	flag.StringVar(&o.write, "write", "", "put the tables between the markers of this `page`, too")
	flag.Parse()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "flowd-cost-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	flowd := filepath.Join(dir, "flowd")
	build := exec.CommandContext(ctx, "go", "build", "-o", flowd, "./cmd/flowd")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building flowd: %w\n%s", err, out)
	}
	m, err := measure(ctx, o, flowd, dir)
	if err != nil {
		return err
	}
	var out strings.Builder
	m.callsTable(&out)
	m.dollarsTable(&out)
	fmt.Fprint(os.Stdout, out.String())
	if o.write == "" {
		return nil
	}
	return page.Rewrite(o.write, "bench-cost", out.String())
}

func measure(ctx context.Context, o options, flowd, dir string) (m measured, err error) {
	e, err := endpoint.New()
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if err := e.SetUp(ctx, flowd, dir); err != nil {
		return m, err
	}
	s := &session{endpoint: e, options: o}
	if err := s.deliver(ctx, o.objects); err != nil {
		return m, err
	}
	if s.flowd, err = e.Launch(nil, flowd, dir); err != nil {
		return m, err
	}
	m, err = s.all(ctx)
	_, ended := s.flowd.End()
	return m, errors.Join(err, ended)
}
