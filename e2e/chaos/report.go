package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// result is what a round found.
type result struct {
	*round
	took        time.Duration
	kills       int
	exits       int // Times that flowd ended by itself, where it may.
	objects     uint64
	counted     int64  // Objects in the totals.
	redelivered int64  // Messages that were given out before.
	duplicates  uint64 // Objects that flowd found to be counted, as far as scrapes saw that.
	failed      int64  // Calls that the endpoint failed.
	noSpace     int    // Lines of the log about a full disk.
	hits        []string
	dead        int   // Messages on the dead-letter queue before they were redriven.
	uncounted   int64 // Objects that were not in the totals then.
	difference  float64
	differs     string
	watch       watch
	err         error
}

// fault says what is not as it must be, or nothing.
func (r *result) fault() string {
	found := r.difference != 0 || r.watch.stepsBack > 0
	switch {
	case r.err != nil:
		return r.err.Error()
	case r.watch.looks == 0 || r.objects == 0:
		return "no scrape or no object was looked at"
	case r.broken && !found:
		return "the broken order was not caught"
	case r.broken:
		return ""
	case found:
		return strings.Join([]string{r.differs, r.watch.first}, "; ")
	case r.uncounted > int64(r.dead):
		return fmt.Sprintf("%d objects were neither counted nor on the dead-letter queue, which had %d", r.uncounted, r.dead)
	case r.name != roundRedrive && r.dead > 0:
		return fmt.Sprintf("%d messages went to the dead-letter queue", r.dead)
	case r.name == roundRedrive && r.dead == 0:
		return "no message went to the dead-letter queue"
	case r.round.disk && r.noSpace == 0:
		return "the disk was never found to be full"
	case r.fail > 0 && r.failed == 0:
		return "the endpoint never failed a call"
	}
	return ""
}

func (r *result) verdict() string {
	switch fault := r.fault(); {
	case errors.Is(r.err, errNoDisk):
		return "skipped"
	case fault != "":
		return "FAILED"
	case r.broken:
		return "caught"
	}
	return "ok"
}

// notes are what the table has no column for.
func (r *result) notes() string {
	var notes []string
	add := func(when bool, format string, args ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	add(r.verdict() == "FAILED" || r.err != nil, "%s", r.fault())
	add(r.broken && r.uncounted > 0, "%d objects are lost", r.uncounted)
	add(r.broken && r.differs != "", "%s", r.differs)
	add(r.watch.first != "", "first step-back after kill %d: %s", r.watch.firstKill, r.watch.first)
	add(r.name == roundRedrive, "%d messages on the dead-letter queue, %d of their objects not counted before it was redriven", r.dead, r.uncounted)
	add(r.failed > 0, "%d calls failed", r.failed)
	add(r.exits > 0, "ends of flowd by itself: %d", r.exits)
	add(r.noSpace > 0, "%d errors about space in the log", r.noSpace)
	add(len(r.hits) > 0, "%s", strings.Join(r.hits, ", "))
	return strings.Join(notes, "; ")
}

// report prints a row for each round, and returns an error when one did not end as it must.
func report(w io.Writer, o options, results []result) error {
	fmt.Fprintf(w, "seed %d, %d objects for each kill, %d records in an object, %d cores, %s\n\n", o.seed, o.objects, o.records, runtime.NumCPU(), runtime.Version())
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "round\tkills\tobjects\tredelivered\tduplicates\tlooks\tdifference\tstep-backs\tseconds\tverdict\t")
	failed := 0
	for i := range results {
		r := &results[i]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%.0f\t%d\t%.0f\t%s\t\n", r.name, r.kills, r.objects, r.redelivered, r.duplicates,
			r.watch.looks, r.difference, r.watch.stepsBack, r.took.Seconds(), r.verdict())
		if r.verdict() == "FAILED" {
			failed++
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for i := range results {
		if notes := results[i].notes(); notes != "" {
			fmt.Fprintf(w, "%s: %s\n", results[i].name, notes)
		}
	}
	if failed > 0 || len(results) == 0 {
		return fmt.Errorf("%d of %d rounds did not end as they must; repeat with --seed=%d", failed, len(results), o.seed)
	}
	return nil
}
