package flowgen

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"
)

// TargetTotals is what became of the requests of a [Target]. It belongs to whoever received it.
type TargetTotals struct {
	Requests uint64            // Requests that ended, well or not: all answers and all errors.
	Answers  map[string]uint64 // Whole answers by class of their status: 1xx to 5xx. Every class is there.
	Errors   map[string]uint64 // Requests without a whole answer, by kind: timeout, refused, closed, dns, tls, other. Every kind is there.
	Bytes    uint64            // Of the bodies that were received, as they were sent.
	Elapsed  time.Duration     // Since the first request.

	latencies latencies
}

func newTargetTotals() TargetTotals {
	t := TargetTotals{Answers: map[string]uint64{}, Errors: map[string]uint64{}}
	for class := 1; class <= 5; class++ {
		t.Answers[statusClass(class*100)] = 0
	}
	for _, kind := range []string{"timeout", "refused", "closed", "dns", "tls", "other"} {
		t.Errors[kind] = 0
	}
	return t
}

func (t *TargetTotals) count(status int, n int64, took time.Duration, err error) {
	t.Requests++
	t.Bytes += uint64(n)
	if err != nil {
		t.Errors[errorKind(err)]++
		return
	}
	t.Answers[statusClass(status)]++
	t.latencies.add(took)
}

func (t TargetTotals) clone(elapsed time.Duration) TargetTotals {
	t.Answers, t.Errors, t.Elapsed = maps.Clone(t.Answers), maps.Clone(t.Errors), elapsed
	return t
}

// Succeeded counts the answers that are no errors: their status is below 400.
func (t TargetTotals) Succeeded() uint64 {
	return t.Answers["1xx"] + t.Answers["2xx"] + t.Answers["3xx"]
}

// Latency is the time within which a share q of the answers, between 0 and 1, was whole. It is at most 4.5 % too long; 0 without answers.
func (t TargetTotals) Latency(q float64) time.Duration { return t.latencies.quantile(q) }

func statusClass(status int) string { return strconv.Itoa(status/100) + "xx" }

// errorKind is bounded, unlike the texts of errors.
func errorKind(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var network net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.As(err, &dns):
		return "dns"
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return "tls"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	}
	return "other"
}

// Latencies are kept in buckets that grow by a sixteenth of a doubling, from a microsecond to more than an hour: a run of a day takes no more
// memory than one of a second.
const (
	latencySteps   = 16
	latencyBuckets = 32 * latencySteps
)

// latencies is a histogram of durations.
type latencies struct {
	counts [latencyBuckets]uint64
	n      uint64
	max    time.Duration
}

func (l *latencies) add(d time.Duration) {
	bucket := 0
	if d > time.Microsecond {
		bucket = min(int(math.Ceil(math.Log2(float64(d)/float64(time.Microsecond))*latencySteps)), latencyBuckets-1)
	}
	l.counts[bucket]++
	l.n++
	l.max = max(l.max, d)
}

// quantile is the upper bound of the bucket that holds it, or the longest duration if that is shorter. The last bucket has no bound.
func (l *latencies) quantile(q float64) time.Duration {
	rank := max(1, uint64(math.Ceil(q*float64(l.n))))
	var seen uint64
	for i, n := range l.counts[:latencyBuckets-1] {
		if seen += n; seen >= rank {
			return min(l.max, time.Duration(math.Exp2(float64(i)/latencySteps)*float64(time.Microsecond)))
		}
	}
	return l.max
}
