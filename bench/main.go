// Command bench measures flowd against others on the same data: whole processes, pinned to one core, in turns.
//
//	go run . --write ../docs/benchmarks.md
//
// Data is generated once from a seed and kept in the cache. Every contender must come to the golden totals, and one that is not there is named with the reason.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"flowd/bench/page"
)

type options struct {
	size  int // Megabytes of text of a large file.
	runs  int
	limit time.Duration
	seed  uint64
	cache string
	write string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, parse()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse() (o options) {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	flag.IntVar(&o.size, "size", 100, "`MB` of text of a large file; ten times as much is read for the figure of memory")
	flag.IntVar(&o.runs, "runs", 7, "rounds, at most")
	flag.DurationVar(&o.limit, "limit", 9*time.Minute, "how long to go on, about; each race has one round at least")
	flag.Uint64Var(&o.seed, "seed", 1, "of the data")
	flag.StringVar(&o.cache, "cache", filepath.Join(dir, "flowd-bench"), "`directory` of data and programs")
	flag.StringVar(&o.write, "write", "", "put the tables between the markers of this `page`, too")
	flag.Parse()
	return o
}

func run(ctx context.Context, o options) error {
	if o.size < 1 || o.runs < 1 {
		return errors.New("size and runs must be at least 1")
	}
	before := loadAverage() // Before compilers add to it.
	cores, err := allowed()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.cache, 0o755); err != nil {
		return err
	}
	t, err := build(ctx, o.cache)
	if err != nil {
		return err
	}
	b := &bench{tools: t, options: o, cores: cores, core: cores[len(cores)-1], before: before}
	if err := b.generate(ctx); err != nil {
		return err
	}
	if err := b.race(ctx); err != nil {
		return err
	}
	var out strings.Builder
	b.report(ctx, &out)
	fmt.Fprint(os.Stdout, out.String())
	if o.write == "" {
		return nil
	}
	return page.Rewrite(o.write, "bench-peers", out.String())
}
