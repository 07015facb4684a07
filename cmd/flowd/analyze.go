package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"flowd/internal/archive"
	"flowd/pkg/metrics"
	"flowd/pkg/parser"
)

// analyzeCommand counts files as a whole.
type analyzeCommand struct {
	archiveInput
	Top int `default:"20" help:"Rows in each ranking."`
	output
}

// Help says what counts as a file, and how far the rankings can be trusted.
func (c *analyzeCommand) Help() string {
	return archiveHelp + `

A file that cannot be read to its end contributes nothing. It is named under "errors", with what could not be found, and the exit code is 1; the
result of the other files is printed nevertheless.

Rankings are over the whole input. They are exact up to 8,192 distinct keys each; beyond that, the true number of a row is never above the one
that is shown, and at most its "error" below.`
}

// analyzeReport is the result, in the order in which it is printed. Its JSON is an interface for other programs.
type analyzeReport struct {
	Files uint64 `json:"files"` // Found, the broken ones included.
	metrics.AnalysisResult
	Errors []fileError `json:"errors"`
}

// fileError is a file, or a folder, of which nothing was counted.
type fileError struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

// Run prints a result also when some files were broken, or all.
func (c *analyzeCommand) Run(ctx context.Context, line *commandLine, to streams) error {
	files, scanner, err := c.prepare(metrics.AnalysisFields())
	if c.Top < 1 {
		err = errors.Join(err, fmt.Errorf("top must be at least 1, got %d", c.Top))
	}
	if err != nil {
		return usageError{line.origins.explain(err)}
	}
	report, err := c.analyze(ctx, files, scanner, to.err)
	if err != nil {
		return err
	}
	if c.json() {
		err = writeJSON(to.out, report)
	} else {
		err = report.table(to.out)
	}
	if err == nil && len(report.Errors) > 0 {
		err = fmt.Errorf("%d of the inputs could not be read; nothing of them is in the result", len(report.Errors))
	}
	return err
}

func (c *analyzeCommand) analyze(ctx context.Context, files iter.Seq2[archive.File, error], scanner parser.ScannerConfig, stderr io.Writer) (analyzeReport, error) {
	var heap heapKeeper
	defer heap.release()
	bar := startProgress(stderr, isTerminal(stderr), files)
	defer bar.stop()
	total, report := metrics.NewAnalysis(), analyzeReport{Errors: []fileError{}}
	err := archive.InOrder(ctx, c.Workers, files, func() archive.Visit {
		reader, part := archive.NewReader(scanner, c.Ingest.Inflate, bar.add), total.NewPart()
		return func(ctx context.Context, t *archive.Turn) error {
			err := readPart(ctx, t, reader, part)
			if waited := t.Wait(ctx); waited != nil {
				return waited
			}
			heap.fileDone()
			report.add(t, err)
			if err == nil {
				total.Merge(part)
			} else {
				part.Reset()
			}
			return nil
		}
	})
	if err != nil {
		return report, stopped("analyzing", err)
	}
	report.AnalysisResult = total.Result(c.Top)
	return report, nil
}

func (r *analyzeReport) add(t *archive.Turn, err error) {
	if t.Err == nil {
		r.Files++
	}
	if err != nil {
		r.Errors = append(r.Errors, fileError{t.File.Name, err.Error()})
	}
}

// readPart counts a file for itself.
func readPart(ctx context.Context, t *archive.Turn, reader *archive.Reader, part *metrics.AnalysisPart) error {
	if t.Err != nil {
		return t.Err
	}
	text, err := reader.Read(ctx, t.File, func(r *parser.Record, err error) bool {
		if err == nil {
			part.Add(r)
		} else if reason, ok := parser.ReasonOf(err); ok {
			part.AddMalformed(reason)
		}
		return true
	})
	part.AddText(text)
	return err
}
