// Command chaos kills flowd, thousands of times, and holds what is left against golden totals.
//
// It runs the real binary against an AWS endpoint in this process, which outlives every kill: it delivers objects all the time, and one message in
// twenty once more after it was deleted. After the last kill the queue runs empty, and every durable counter must be what the generator wrote, with
// no step back in any scrape between. Two builds with a broken order, a build with failpoints, a full disk and an endpoint that fails show that the
// harness finds what it looks for, and that flowd bears more than kills.
//
//	go run ./chaos --cycles=2000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	cycles     int
	seed       uint64
	rounds     string
	points     string
	objects    int
	records    int
	redrive    int
	fail       float64
	shuffle    bool
	visibility int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.cycles, "cycles", 100, "Kills of the round `kill`; other rounds have at most 50, and `redrive 8` has 150.")
	f.Uint64Var(&o.seed, "seed", uint64(time.Now().Unix()), "Of the objects, the instants and the faults. How processes interleave is not in it.")
	f.StringVar(&o.rounds, "rounds", strings.Join(roundNames(), ","), "Rounds to run, by name.")
	f.StringVar(&o.points, "points", strings.Join(pointNames(), ","), "Failpoints of the round `failpoints`, as NAME or NAME:crash or NAME:error.")
	f.IntVar(&o.objects, "objects", 10, "Objects delivered for each kill.")
	f.IntVar(&o.records, "records", 50, "Records of an object, at least.")
	f.IntVar(&o.redrive, "redrive", 1000, "Receives before a message goes to the dead-letter queue, but in the round `redrive`.")
	f.Float64Var(&o.fail, "fail", 0, "Share of calls that the endpoint fails, half of them after they took effect, in every round.")
	f.BoolVar(&o.shuffle, "shuffle", false, "Announce objects in random order, in every round.")
	f.IntVar(&o.visibility, "visibility", 2, "Longest visibility timeout that the endpoint grants, in seconds, whatever is asked for.")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 || o.cycles < 1 || o.objects < 1 || o.fail < 0 || o.fail >= 1 {
		return o, errors.New("give at least one cycle and one object, a share of failures below 1, and no arguments beside the flags")
	}
	return o, nil
}

// run reports to stdout and progress to stderr. The error says which rounds did not end as they must.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	rounds, err := o.chosen()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "flowd-chaos-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	builds, err := buildAll(ctx, dir, rounds)
	if err != nil {
		return err
	}
	var results []result
	for _, r := range rounds {
		res := r.run(ctx, dir, builds[r.tag], stderr)
		results = append(results, res)
		fmt.Fprintf(stderr, "%s: %s\n", r.name, res.verdict())
		if ctx.Err() != nil { // Whoever interrupts wants to see what there is.
			break
		}
	}
	return report(stdout, o, results)
}
