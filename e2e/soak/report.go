package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// result is what a run found.
type result struct {
	took       time.Duration
	counted    uint64
	difference float64
	differs    string
	dead       []string // Keys on the dead-letter queue, sorted.
	peak       int64    // Most memory of the cgroup, in bytes.
	failures   int64    // Times that the cgroup had to take memory back.
}

// report prints what there is to say, and returns an error when something is not as it must be.
func (s *soak) report(w io.Writer) error {
	fmt.Fprintf(w, "seed %d, %d cores, %s, %s\n\n", s.seed, runtime.NumCPU(), runtime.Version(), s.took())
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "objects\tcounted\trecords\tpoison\tdead letters\tdifference\t")
	fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%.0f\t\n", s.sent, s.result.counted, s.recordsRead(), len(s.planted), len(s.result.dead), s.result.difference)
	errs := []error{table.Flush(), s.fault()}
	if s.group != nil {
		fmt.Fprintf(w, "\nmemory %d MiB: peak of the cgroup %.1f MiB with its page cache, pages taken back %d times; no kill\n",
			s.memory>>20, float64(s.result.peak)/(1<<20), s.result.failures)
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, s.reportTrends(w))...)
}

func (s *soak) took() string {
	if s.group != nil {
		return "everything at once"
	}
	return fmt.Sprintf("%s at %.0f objects a second", s.result.took.Round(time.Second), float64(s.sent)/s.result.took.Seconds())
}

func (s *soak) recordsRead() (n uint64) {
	for _, r := range s.golden.RecordsRead {
		n += r
	}
	return n
}

// fault says what is wrong with the counters or the dead-letter queue.
func (s *soak) fault() error {
	slices.Sort(s.planted)
	var errs []error
	if s.result.difference != 0 || s.golden.Objects == 0 {
		errs = append(errs, fmt.Errorf("of %d objects, the totals differ by %.0f: %s", s.golden.Objects, s.result.difference, s.result.differs))
	}
	if !slices.Equal(s.result.dead, s.planted) || len(s.planted) == 0 {
		errs = append(errs, fmt.Errorf("the dead-letter queue has %d messages, and not just the %d broken objects: %s", len(s.result.dead), len(s.planted),
			firstOnlyIn(s.result.dead, s.planted)))
	}
	return errors.Join(errs...)
}

// firstOnlyIn names one key that only one of them has, or that is there twice.
func firstOnlyIn(dead, planted []string) string {
	for i, key := range dead {
		if i > 0 && dead[i-1] == key {
			return key + " is there twice"
		}
		if !slices.Contains(planted, key) {
			return key + " is not broken"
		}
	}
	for _, key := range planted {
		if !slices.Contains(dead, key) {
			return key + " is missing"
		}
	}
	return "nothing was broken"
}

func (s *soak) reportTrends(w io.Writer) error {
	all, err := trends(s.looks, s.warmUp)
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "median of\tfirst third\tlast third\tmay grow by\tverdict\t")
	errs := []error{}
	for _, t := range all {
		verdict := "flat"
		if !t.flat() {
			verdict = "GROWS"
			errs = append(errs, fmt.Errorf("%s grows: %.1f in the first third, %.1f in the last, %.1f more is allowed", t.what, t.first, t.last, t.slack))
		}
		fmt.Fprintf(table, "%s\t%.1f %s\t%.1f %s\t%.1f\t%s\t\n", t.what, t.first, t.unit, t.last, t.unit, t.slack, verdict)
	}
	return errors.Join(append(errs, table.Flush())...)
}
