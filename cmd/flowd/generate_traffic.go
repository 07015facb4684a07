package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"flowd/internal/flowgen"
)

// generateTraffic are the flags that say how hard a server is asked.
type generateTraffic struct {
	Method   string   `default:"GET" enum:"GET,HEAD,POST" help:"Of the requests: ${enum}; none has a body."`
	Rate     float64  `default:"5" help:"Requests per second, at most 1000."`
	Duration duration `default:"1m" help:"How long; more than an hour, up to a day, only from the command line."`
	Workers  int      `default:"16" help:"Requests in work at once."`
	Timeout  duration `default:"10s" help:"Of one request."`
}

// unattendedLimit is the longest duration that the environment may set: one that was meant for something else must not keep a server busy.
const unattendedLimit = time.Hour

func (c *generateCommand) makeTraffic(ctx context.Context, line *commandLine, to streams) error {
	live := newLiveLine(to.err)
	target := flowgen.Target{
		URL: c.Target, Method: c.Method, Rate: c.Rate, Duration: c.Duration.value(), Timeout: c.Timeout.value(), Workers: c.Workers,
		Progress: func(t flowgen.TargetTotals) {
			live.show("%s of %s  %d requests, %d answered well", t.Elapsed.Round(time.Second), c.Duration, t.Requests, t.Succeeded())
		},
	}
	err := target.Validate()
	if c.Duration.value() > unattendedLimit && line.origins.of("duration") != fromFlag {
		err = errors.Join(err, fmt.Errorf("duration must be at most %s unless it is set on the command line, got %s", unattendedLimit, c.Duration))
	}
	if err != nil {
		return usageError{line.origins.explain(err)}
	}
	totals, err := target.Run(ctx)
	live.clear()
	if err != nil {
		return err
	}
	report := newTrafficReport(redacted(c.Target), totals)
	if c.json() {
		err = writeJSON(to.out, report)
	} else {
		err = report.print(tabwriter.NewWriter(to.out, 0, 0, 2, ' ', 0))
	}
	if err == nil && totals.Succeeded() == 0 {
		err = fmt.Errorf("no request to %s was answered with a status below 400: see the totals for what happened instead", report.URL)
	}
	return err
}

// trafficReport is the result of a run against a target.
type trafficReport struct {
	URL             string             `json:"url"`
	DurationSeconds float64            `json:"duration_seconds"`
	Requests        uint64             `json:"requests"`
	Answers         map[string]uint64  `json:"answers"` // By class of status.
	Errors          map[string]uint64  `json:"errors"`  // By kind.
	Bytes           uint64             `json:"bytes"`   // Of bodies.
	LatencySeconds  map[string]float64 `json:"latency_seconds"`
}

func newTrafficReport(url string, t flowgen.TargetTotals) trafficReport {
	return trafficReport{
		URL: url, DurationSeconds: t.Elapsed.Seconds(), Requests: t.Requests, Answers: t.Answers, Errors: t.Errors, Bytes: t.Bytes,
		LatencySeconds: map[string]float64{"p50": t.Latency(0.50).Seconds(), "p90": t.Latency(0.90).Seconds(), "p99": t.Latency(0.99).Seconds()},
	}
}

func (r trafficReport) print(table *tabwriter.Writer) error {
	fmt.Fprintf(table, "target\t%s\n", r.URL)
	fmt.Fprintf(table, "requests\t%d in %s, %.1f/s\n", r.Requests, time.Duration(r.DurationSeconds*float64(time.Second)).Round(time.Millisecond), float64(r.Requests)/r.DurationSeconds)
	fmt.Fprintf(table, "answers\t%s\n", nonZero(r.Answers))
	fmt.Fprintf(table, "errors\t%s\n", nonZero(r.Errors))
	fmt.Fprintf(table, "received\t%s\n", byteText(r.Bytes))
	_, err := fmt.Fprintf(table, "latency\tp50 %s, p90 %s, p99 %s\n", r.latency("p50"), r.latency("p90"), r.latency("p99"))
	return errors.Join(err, table.Flush())
}

func (r trafficReport) latency(quantile string) time.Duration {
	return time.Duration(r.LatencySeconds[quantile] * float64(time.Second)).Round(10 * time.Microsecond)
}
