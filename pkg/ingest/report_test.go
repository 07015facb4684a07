package ingest

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/aws/smithy-go"
)

// reporting makes the consumer, and a reporter of it.
func (r *rig) reporting() *Reporter {
	r.Helper()
	r.build()
	return NewReporter(r.consumer)
}

func TestAReportForgetsOldFailures(t *testing.T) {
	inBubble(t, func(r *rig) {
		reporter := r.reporting()
		r.consumer.metrics.failures.WithLabelValues(reasonGzip).Add(2)
		r.consumer.metrics.failed.WithLabelValues(reasonObject).Inc()
		for minute := range 2 * int(reportSpan/reportInterval) {
			got := reporter.Report()
			recent := minute <= int(reportSpan/reportInterval)
			if (got.Failures[reasonGzip] == 2) != recent || (got.Messages[reasonObject] == 1) != recent || len(got.Failures) > 1 {
				r.Errorf("after %d minutes: got %v and %v, recent: %v", minute, got.Failures, got.Messages, recent)
			}
			time.Sleep(reportInterval)
			reporter.look(time.Now())
		}
	})
}

func TestAReportNamesTheOutage(t *testing.T) {
	inBubble(t, func(r *rig) {
		reporter := r.reporting()
		if got := reporter.Report(); got.Outage != "" || !got.OutageSince.IsZero() {
			r.Errorf("without an outage: got %+v", got)
		}
		began := time.Now()
		r.consumer.circuit.objectFailed(Object{}, &reasonError{reasonCommit, errors.New("no space left on device")})
		got := reporter.Report()
		if got.Outage != outageLedger || got.OutageCause != "no space left on device" || !got.OutageSince.Equal(began) {
			r.Errorf("got %q since %s: %q, want the ledger's", got.Outage, got.OutageSince, got.OutageCause)
		}
	})
}

func TestAReportCountsMessages(t *testing.T) {
	inBubble(t, func(r *rig) {
		reporter := r.reporting()
		r.consumer.metrics.queue.WithLabelValues(stateVisible).Set(7)
		r.consumer.metrics.queue.DeleteLabelValues(stateDeadLetter)
		r.consumer.metrics.received.Add(3)
		r.consumer.metrics.deleted.Inc()
		r.consumer.metrics.objects.WithLabelValues(resultCounted).Inc()
		got := reporter.Report()
		if want := (map[string]uint64{stateVisible: 7, stateInFlight: 0, stateDelayed: 0}); !maps.Equal(got.Queue, want) {
			r.Errorf("got %v, want %v: what nobody counted is not 0", got.Queue, want)
		}
		if got.Received != 3 || got.Deleted != 1 || got.Objects[resultCounted] != 1 {
			r.Errorf("got %+v, want 3 received, 1 deleted, 1 counted", got)
		}
	})
}

func TestTheEssenceOfAnErrorIsWhatHappened(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for want, err := range map[string]error{
		"dial tcp: connection refused":       fmt.Errorf("operation error SQS: ReceiveMessage: %w", &url.Error{Op: "Post", URL: "http://127.0.0.1/", Err: refused}),
		"ExpiredToken: The token is expired": fmt.Errorf("operation error S3: GetObject: %w", &smithy.GenericAPIError{Code: "ExpiredToken", Message: "The token is expired"}),
		"no space left on device":            &reasonError{reasonCommit, fmt.Errorf("writing the ledger: %w", errors.New("no space left on device"))},
	} {
		if got := essence(err); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}
