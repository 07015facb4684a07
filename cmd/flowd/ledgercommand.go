package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"flowd/internal/ledger"
	"flowd/pkg/metrics"
)

// ledgerCommand looks into the state.
type ledgerCommand struct {
	Check  ledgerCheckCommand  `cmd:"" help:"Check the ledger page by page, and exit with 1 if something is wrong."`
	Export ledgerExportCommand `cmd:"" help:"Print the ledger as JSON lines: its facts, every object, every series with its value."`
}

// stateInput names the ledger as the service does.
type stateInput struct {
	configFile
	State struct {
		Dir string `default:"${state_dir}" placeholder:"DIR" help:"Directory of the ledger."`
	} `embed:"" prefix:"state."`
}

// open returns the ledger and the totals that are in it.
func (s *stateInput) open() (*ledger.Ledger, error) {
	if s.State.Dir == "" {
		return nil, usageError{errors.New("--state.dir is empty: state in memory cannot be looked into")}
	}
	return ledger.OpenReadOnly(s.State.Dir)
}

// loadTotals reads the counters as the service would, with bounds that make no member of a ranking leave.
func loadTotals(state *ledger.Ledger) (*metrics.Totals, error) {
	config := metrics.DefaultConfig()
	config.TopK, config.BirthTimeout = 200, time.Nanosecond
	totals, err := metrics.New(config, time.Now())
	if err != nil {
		return nil, err
	}
	return totals, totals.Load(state.Series, state.Pages, time.Now())
}

// ledgerCheckCommand says whether the state is sound.
type ledgerCheckCommand struct {
	stateInput
	output
}

// ledgerReport is what is known of a ledger.
type ledgerReport struct {
	ledger.Report
	Totals metrics.Summary `json:"totals"`
}

// Run prints a report also of a ledger that is damaged.
func (c *ledgerCheckCommand) Run(to streams) error {
	state, err := c.open()
	if err != nil {
		return err
	}
	report := checkLedger(state)
	if c.json() {
		err = writeJSON(to.out, report)
	} else {
		err = report.table(to.out)
	}
	if len(report.Problems) > 0 {
		err = errors.Join(err, fmt.Errorf("checking %s: %d problems; the first: %s", report.File, len(report.Problems), report.Problems[0]))
	}
	return errors.Join(err, state.Close())
}

func checkLedger(state *ledger.Ledger) ledgerReport {
	r := ledgerReport{Report: state.Check()}
	totals, err := loadTotals(state)
	r.Problem(err)
	if err == nil {
		r.Totals = totals.Summary()
		r.Problem(r.checkSum())
	}
	return r
}

// checkSum holds the two halves of every transaction against each other: an object in the totals had a row, and the other way round.
func (r *ledgerReport) checkSum() error {
	if rows := r.Objects + r.Dropped; rows != r.Totals.Objects {
		return fmt.Errorf("the ledger knew %d objects, and its counters have %d", rows, r.Totals.Objects)
	}
	return nil
}

func (r *ledgerReport) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "file\t%s\nschema\t%d\nbytes\t%d\n", r.File, r.Schema, r.Bytes)
	horizon := "none"
	if r.Horizon != nil {
		horizon = r.Horizon.Format(time.RFC3339)
	}
	fmt.Fprintf(t, "horizon\t%s\nseries\t%d\nobjects\t%d\ndropped\t%d\n", horizon, r.Series, r.Objects, r.Dropped)
	fmt.Fprintf(t, "counted objects\t%d\ncounted records\t%d\n", r.Totals.Objects, r.Totals.Records)
	for _, d := range r.Days {
		fmt.Fprintf(t, "objects of %s\t%d\n", d.Day, d.Objects)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(t, "problem\t%s\n", p)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(t, "\nThe ledger is sound.")
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

// ledgerExportCommand prints everything.
type ledgerExportCommand struct{ stateInput }

// Help describes the lines.
func (c *ledgerExportCommand) Help() string {
	return `Each line is a JSON object with a "type". "ledger" is the first: schema, horizon, counts by day. "object" is a counted object: the day on which it was
written, when it was committed, and its identity, which is a hash; compute that of an object to look for it:

  printf '%s\0%s\0%s' BUCKET KEY ETAG | sha256sum | cut -c1-32

"series" is a counter as /metrics would show it, with its labels, rankings included; a histogram has its buckets, sum and count.`
}

// Run stops at what cannot be read.
func (c *ledgerExportCommand) Run(to streams) error {
	state, err := c.open()
	if err != nil {
		return err
	}
	e := exporter{json.NewEncoder(to.out)}
	e.SetEscapeHTML(false)
	return errors.Join(e.all(state), state.Close())
}
