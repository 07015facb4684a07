package ingest

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Results of objects.
const (
	resultCounted   = "counted"
	resultDuplicate = "duplicate"
	resultIgnored   = "ignored" // Nothing to count: a test event, a deletion, an object that was overwritten.
	resultMissing   = "missing" // Looked for several times, and not there.
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
	circuit    *prometheus.GaugeVec
	duration   prometheus.Histogram
	// lastReceive tells a poller that stands still from a queue that is empty.
	lastReceive prometheus.Gauge
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
			reasonLedger, reasonGet, reasonDenied, reasonNotFound, reasonRead, reasonStalled, reasonShortBody, reasonGzip, reasonHeader, reasonFormat, reasonTooLarge, reasonBomb, reasonTooOld, reasonPanic, reasonCommit, reasonDrained),
		received: counter("flowd_sqs_messages_received_total", "Messages received, redeliveries included."),
		deleted:  counter("flowd_sqs_messages_deleted_total", "Messages deleted because everything they announced has a fate."),
		failed: vec("flowd_sqs_messages_failed_total", "Messages that were left on the queue, and calls that failed for them.", "reason",
			reasonBadMessage, reasonBadKey, reasonEventVersion, reasonNotAllowed, reasonObject, reasonReceive, reasonDelete, reasonDrained, reasonHeld),
		extensions: vec("flowd_sqs_visibility_extensions_total", "Extensions of the visibility timeout of messages in work.", "result",
			extensionOK, extensionError, extensionLost),
		queue: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "flowd_sqs_queue_messages", Help: "Messages on the queue as SQS estimates them, and on its dead-letter queue.",
		}, []string{"state"}),
		circuit: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "flowd_circuit_open", Help: "1 while an outage, or memory that is short, keeps flowd from receiving: it goes on by itself.",
		}, []string{"reason"}),
		lastReceive: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "flowd_sqs_last_receive_timestamp_seconds",
			Help: "When the queue last answered a receive, with or without a message; 0 before the first answer.",
		}),
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
	for _, o := range append(outages(), outageMemory) {
		m.circuit.WithLabelValues(o)
	}
	for _, c := range []prometheus.Collector{m.objects, m.failures, m.received, m.deleted, m.failed, m.extensions, m.queue, m.circuit, m.duration, m.lastReceive} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
