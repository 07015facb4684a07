// Command soak runs flowd for a long time, or with little memory, and holds what is left against golden totals.
//
// It is an AWS endpoint with a flowd beside it, the real binary in a process of its own. Objects arrive at a steady rate, one in a hundred is broken for good.
// Every ten seconds it looks at flowd's memory, goroutines and descriptors. In the end the queue runs empty, every durable counter must be what the generator
// wrote, the dead-letter queue must hold the broken objects and nothing else, and the last third of the looks must not be higher than the first.
//
//	go run ./soak --minutes=30
//
// With --memory it lets flowd live in a cgroup of that size, and sends what needs memory, all at once: gzip bombs, a million interfaces, and ten objects
// of 75 MB, which is the most that VPC flow logs write.
//
//	go run ./soak --memory=128MiB
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	minutes    float64
	memory     byteSize
	seed       uint64
	rate       float64
	records    int
	poison     int
	redrive    int
	visibility int
	interval   time.Duration
	warmUp     time.Duration
	large      byteSize
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.SetOutput(stderr)
	o.large = 75_000_000
	f.Float64Var(&o.minutes, "minutes", 30, "How long objects arrive.")
	f.Var(&o.memory, "memory", "Memory of a cgroup for flowd, such as 128MiB; sends what needs memory instead of a steady rate.")
	f.Uint64Var(&o.seed, "seed", 1, "Of the objects.")
	f.Float64Var(&o.rate, "rate", 50, "Objects a second.")
	f.IntVar(&o.records, "records", 2000, "Records of an object, at least.")
	f.IntVar(&o.poison, "poison", 100, "One object in so many is broken.")
	f.IntVar(&o.redrive, "redrive", 3, "Receives before a message goes to the dead-letter queue.")
	f.IntVar(&o.visibility, "visibility", 10, "Longest visibility timeout that the endpoint grants, in seconds: flowd's pauses of minutes pass sooner.")
	f.DurationVar(&o.interval, "interval", 10*time.Second, "Time between two looks.")
	f.DurationVar(&o.warmUp, "warm-up", 30*time.Second, "Looks before this are not compared.")
	f.Var(&o.large, "large", "Size of a large object, compressed.")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 || o.minutes <= 0 || o.rate <= 0 || o.poison < 1 || o.redrive < 1 {
		return o, errors.New("give positive numbers, and no arguments beside the flags")
	}
	return o, nil
}

// run prints a table to stdout and progress to stderr. The error says what is not as it must be.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	s := &soak{options: o, progress: stderr}
	defer s.close()
	if err := s.prepare(ctx); errors.Is(err, errNoCgroup) {
		fmt.Fprintln(stdout, err)
		return nil
	} else if err != nil {
		return err
	}
	if err := s.work(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, s.flowd.Stderr)
	}
	return s.report(stdout)
}

// byteSize is a number of bytes, written with or without a unit.
type byteSize int64

func (b *byteSize) String() string { return strconv.FormatInt(int64(*b), 10) }

// Set implements [flag.Value].
func (b *byteSize) Set(text string) error {
	number, shift := strings.CutSuffix(text, "MiB")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 {
		return fmt.Errorf("%q is not a number of bytes, such as 134217728 or 128MiB", text)
	}
	if shift {
		n <<= 20
	}
	*b = byteSize(n)
	return nil
}
