package ingest

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/aws/smithy-go"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Report is how ingest is doing, for a person to look at.
type Report struct {
	// Queue is the number of messages by state, as SQS estimates them; a state that nobody counted is not there.
	Queue map[string]uint64
	// Outage is what keeps the consumer from receiving, a label value of flowd_circuit_open; empty while it receives.
	Outage      string
	OutageCause string // The error, shortened.
	OutageSince time.Time
	// Received and Deleted are messages, since the process began.
	Received, Deleted uint64
	// Objects are those that reached a fate since the process began, by result.
	Objects map[string]uint64
	// Failures are attempts at objects that failed since RecentSince, by reason; Messages are messages that were left on the queue, and calls that failed.
	Failures, Messages map[string]uint64
	RecentSince        time.Time
}

const (
	// reportSpan is how long a failure stays in a report.
	reportSpan = 15 * time.Minute
	// reportInterval is the time between two looks at the counters.
	reportInterval = time.Minute
)

// Reporter remembers what the counters of a consumer stood at, so that a report can tell what failed lately from what failed last week.
// Make one with [NewReporter]. Its methods may be called by any goroutine.
type Reporter struct {
	consumer *Consumer
	mu       sync.Mutex
	looks    []look // Oldest first, none but the first older than reportSpan.
}

type look struct {
	at                 time.Time
	failures, messages map[string]uint64
}

// NewReporter begins with what the counters are now.
func NewReporter(c *Consumer) *Reporter {
	r := &Reporter{consumer: c}
	r.look(time.Now())
	return r
}

// Run looks once a minute, until ctx ends.
func (r *Reporter) Run(ctx context.Context) error {
	tick := time.NewTicker(reportInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.look(time.Now())
		}
	}
}

func (r *Reporter) look(now time.Time) {
	m := r.consumer.metrics
	l := look{now, countsOf(m.failures), countsOf(m.failed)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looks = append(r.looks, l)
	for len(r.looks) > 1 && now.Sub(r.looks[1].at) >= reportSpan {
		r.looks = slices.Delete(r.looks, 0, 1)
	}
}

// Report reads the counters. It makes no call. The caller owns the result.
func (r *Reporter) Report() Report {
	c := r.consumer
	report := Report{
		Queue: countsOf(c.metrics.queue), Objects: countsOf(c.metrics.objects),
		Received: countsOf(c.metrics.received)[""], Deleted: countsOf(c.metrics.deleted)[""],
	}
	report.Outage, report.OutageCause, report.OutageSince = c.circuit.state()
	r.mu.Lock()
	defer r.mu.Unlock()
	report.RecentSince = r.looks[0].at
	report.Failures = grown(countsOf(c.metrics.failures), r.looks[0].failures)
	report.Messages = grown(countsOf(c.metrics.failed), r.looks[0].messages)
	return report
}

// state is the outage, its error and when it began; empty while the circuit is closed.
func (t *circuit) state() (outage, cause string, since time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.outage == "" {
		return "", "", time.Time{}
	}
	return t.outage, clip(essence(t.cause)), t.since
}

// essence is the part of an error that says what happened: the SDK puts operation, attempts and request before it, and a page has little room.
func essence(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	if connection, ok := errors.AsType[*net.OpError](err); ok {
		return connection.Error()
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}

// grown leaves out what did not grow.
func grown(now, before map[string]uint64) map[string]uint64 {
	for k, v := range before {
		now[k] -= v
	}
	maps.DeleteFunc(now, func(_ string, v uint64) bool { return v == 0 })
	return now
}

// countsOf reads a collector with at most one label, by the value of that label.
func countsOf(c prometheus.Collector) map[string]uint64 {
	values, all := map[string]uint64{}, make(chan prometheus.Metric)
	go func() {
		defer close(all)
		c.Collect(all)
	}()
	for metric := range all {
		var m dto.Metric
		if err := metric.Write(&m); err != nil {
			continue // Counters and gauges of client_golang do not fail.
		}
		label := ""
		for _, pair := range m.GetLabel() {
			label = pair.GetValue()
		}
		values[label] = uint64(max(m.GetCounter().GetValue(), m.GetGauge().GetValue()))
	}
	return values
}
