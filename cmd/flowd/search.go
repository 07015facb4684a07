package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"time"

	"flowd/internal/archive"
	"flowd/pkg/parser"
)

// searchCommand finds records in files.
type searchCommand struct {
	archiveInput
	searchFilter
	Limit uint64 `default:"0" help:"Stop after so many records; 0 means all."`
	Count bool   `help:"Show only how many records match."`
	output
}

// Help says how filters work together, and what is left out.
func (c *searchCommand) Help() string {
	return `Filters that are given together must all match; of one that is given several times, one value must. A record that does not have the field does not match.
--from and --to take RFC 3339, such as 2026-01-31T09:00:00Z, Unix seconds, or an age, such as 90m or 2d. A record matches when its
aggregation interval touches the range, both ends included.

Files that were delivered more than an hour before --from, or more than a day after --to, are skipped, when they have the names that AWS gives.

` + archiveHelp + `

Records come in the order of the files. --output=json prints each as one JSON object, with the field names of AWS. Of a file that cannot be read to
its end, what was found before is shown; it is named on stderr, and the exit code is 1. That nothing matches is no error.`
}

// search is one run of the command.
type search struct {
	*searchCommand
	match  func(*parser.Record) bool
	window archive.Window
	out    *searchPrinter
	bar    *progress
	heap   heapKeeper

	files, skipped, malformed uint64
	failures                  []fileError
}

// errEnough ends a search that has reached its limit.
var errEnough = errors.New("the limit is reached")

// Run searches, and says on stderr what it looked at.
func (c *searchCommand) Run(ctx context.Context, line *commandLine, to streams) error {
	// Every field, whatever is shown of it: what counts as malformed must not depend on the form of the output.
	files, scanner, err := c.prepare(parser.AllFields())
	match, window, invalid := c.compile(time.Now())
	if err = errors.Join(err, invalid); err != nil {
		return usageError{line.origins.explain(err)}
	}
	s := &search{searchCommand: c, match: match, window: window, out: newSearchPrinter(to.out, c.output, c.Limit)}
	defer s.heap.release()
	s.bar = startProgress(to.err, isTerminal(to.err) && !isTerminal(to.out), s.inWindow(files, new(uint64)))
	err = archive.InOrder(ctx, c.Workers, s.inWindow(files, &s.skipped), func() archive.Visit { return s.visit(scanner) })
	s.bar.stop()
	if err != nil && !errors.Is(err, errEnough) {
		return stopped("searching", err)
	}
	return s.finish(to)
}

// inWindow leaves out files that cannot hold what is wanted, and counts them.
func (s *search) inWindow(files iter.Seq2[archive.File, error], skipped *uint64) iter.Seq2[archive.File, error] {
	keys := archive.NewKeyParser()
	return func(yield func(archive.File, error) bool) {
		for file, err := range files {
			if key, ok := keys.Parse(filepath.ToSlash(file.Name)); err == nil && ok && !s.window.MayHold(key) {
				*skipped++
				continue
			}
			if !yield(file, err) {
				return
			}
		}
	}
}

// searchChunk is how much a worker holds back, in bytes, before it waits for its turn to print.
const searchChunk = 256 << 10

// visit searches one file after another. Matches are printed in the order of the files, whoever is done first.
func (s *search) visit(scanner parser.ScannerConfig) archive.Visit {
	reader, w := archive.NewReader(scanner, s.Ingest.Inflate, s.bar.add), newSearchWriter(s.output, s.Count)
	return func(ctx context.Context, t *archive.Turn) error {
		w.begin()
		err, failed := t.Err, error(nil)
		if err == nil {
			_, err = reader.Read(ctx, t.File, func(r *parser.Record, malformed error) bool {
				if malformed != nil {
					w.malformed++
				} else if s.match(r) {
					w.add(r)
				}
				if len(w.text) >= searchChunk {
					failed = s.print(ctx, t, w)
				}
				return failed == nil && (s.Limit == 0 || w.found < s.Limit)
			})
		}
		if failed != nil && !errors.Is(failed, errEnough) {
			return failed
		}
		return s.end(ctx, t, w, err)
	}
}

// print hands over what the worker found so far.
func (s *search) print(ctx context.Context, t *archive.Turn, w *searchWriter) error {
	if err := t.Wait(ctx); err != nil {
		return err
	}
	defer w.flushed()
	return s.out.print(w.text, w.found-w.printed)
}

// end is the last of a file.
func (s *search) end(ctx context.Context, t *archive.Turn, w *searchWriter, failure error) error {
	if err := t.Wait(ctx); err != nil {
		return err
	}
	s.heap.fileDone()
	if t.Err == nil {
		s.files++
	}
	s.malformed += w.malformed
	if failure != nil {
		s.failures = append(s.failures, fileError{t.File.Name, failure.Error()})
	}
	return s.print(ctx, t, w)
}

func (s *search) finish(to streams) error {
	if s.Count {
		if err := s.out.count(to.out); err != nil {
			return err
		}
	}
	for _, f := range s.failures {
		fmt.Fprintf(to.err, "flowd: %s: %s\n", f.File, f.Error)
	}
	s.summary(to.err)
	if len(s.failures) > 0 {
		return toldError{fmt.Errorf("%d of the inputs could not be read", len(s.failures))}
	}
	return nil
}

// summary goes to stderr: stdout has nothing but records.
func (s *search) summary(w io.Writer) {
	fmt.Fprintf(w, "Records found: %d. Files searched: %d; skipped because they were delivered outside of the time range: %d. Malformed lines: %d.\n",
		s.out.printed, s.files, s.skipped, s.malformed)
}
