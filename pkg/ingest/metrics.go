package ingest

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Results of objects.
const (
	resultCounted   = "counted"
	resultDuplicate = "duplicate"
	resultIgnored   = "ignored"
	resultMissing   = "missing"
)

// Reasons why an attempt at an object failed. The message comes back.
const (
	reasonLedger    = "ledger"     // The look-up whether it is counted failed.
	reasonGet       = "get"        // S3 answered with an error.
	reasonDenied    = "denied"     // S3 refused; without s3:ListBucket a missing object looks like this too.
	reasonNotFound  = "not_found"  // Gone, and to be looked for once more.
	reasonRead      = "read"       // The connection broke inside the body.
	reasonStalled   = "stalled"    // The body stopped coming.
	reasonShortBody = "short_body" // Fewer bytes than announced.
	reasonGzip      = "gzip"       // Broken compression.
	reasonHeader    = "header"     // No flow log header.
	reasonFormat    = "format"     // Parquet.
	reasonPanic     = "panic"      // A bug, contained to its object.
	reasonCommit    = "commit"     // The transaction failed.
	reasonDrained   = "drained"    // Not finished when the drain timeout ended.
)

// Further reasons why a message failed.
const (
	reasonBadMessage   = "bad_message"
	reasonBadKey       = "bad_key"
	reasonEventVersion = "event_version"
	reasonNotAllowed   = "not_allowed"
	reasonObject       = "object" // One of its objects failed.
	reasonReceive      = "receive"
	reasonDelete       = "delete"
)

// Results of visibility extensions.
const (
	extensionOK    = "ok"
	extensionError = "error" // It is tried again.
	extensionLost  = "lost"  // The timeout has passed: SQS delivers the message again.
)

// States of messages on the queue.
const (
	stateVisible    = "visible"
	stateInFlight   = "in_flight"
	stateDelayed    = "delayed"
	stateDeadLetter = "dead_letter"
)

// instruments are the metrics of this package. They live with the process. Every label value that is known in advance starts at 0.
type instruments struct {
	objects    *prometheus.CounterVec
	failures   *prometheus.CounterVec
	received   prometheus.Counter
	deleted    prometheus.Counter
	failed     *prometheus.CounterVec
	extensions *prometheus.CounterVec
	queue      *prometheus.GaugeVec
	duration   prometheus.Histogram
}

func newInstruments(r prometheus.Registerer) (*instruments, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	vec := func(name, help, label string, values ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		for _, value := range values {
			v.WithLabelValues(value)
		}
		return v
	}
	m := &instruments{
		objects: vec("flowd_objects_total", "Objects that reached a fate in this process.", "result",
			resultCounted, resultDuplicate, resultIgnored, resultMissing),
		failures: vec("flowd_object_failures_total", "Attempts at an object that failed; its message comes back.", "reason",
			reasonLedger, reasonGet, reasonDenied, reasonNotFound, reasonRead, reasonStalled, reasonShortBody, reasonGzip, reasonHeader, reasonFormat, reasonPanic, reasonCommit, reasonDrained),
		received: counter("flowd_sqs_messages_received_total", "Messages received, redeliveries included."),
		deleted:  counter("flowd_sqs_messages_deleted_total", "Messages deleted because everything they announced has a fate."),
		failed: vec("flowd_sqs_messages_failed_total", "Messages that were left on the queue, and calls that failed for them.", "reason",
			reasonBadMessage, reasonBadKey, reasonEventVersion, reasonNotAllowed, reasonObject, reasonReceive, reasonDelete, reasonDrained),
		extensions: vec("flowd_sqs_visibility_extensions_total", "Extensions of the visibility timeout of messages in work.", "result",
			extensionOK, extensionError, extensionLost),
		queue: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "flowd_sqs_queue_messages", Help: "Messages on the queue as SQS estimates them, and on its dead-letter queue.",
		}, []string{"state"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                            "flowd_object_duration_seconds",
			Help:                            "Time from the first byte asked of an object until its last record was parsed, in seconds.",
			Buckets:                         []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  160,
			NativeHistogramMinResetDuration: time.Hour,
		}),
	}
	for _, s := range []string{stateVisible, stateInFlight, stateDelayed, stateDeadLetter} {
		m.queue.WithLabelValues(s)
	}
	for _, c := range []prometheus.Collector{m.objects, m.failures, m.received, m.deleted, m.failed, m.extensions, m.queue, m.duration} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
