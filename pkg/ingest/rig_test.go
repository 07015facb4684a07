package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a consumer with a world around it, in a bubble.
type rig struct {
	*testing.T
	cfg      Config
	queue    *fakeQueue
	store    *fakeS3
	counter  *fakeCounter
	progress *fakeProgress
	share    func() float64 // Of the memory; nil is none.
	registry *prometheus.Registry
	logs     *observer.ObservedLogs
	consumer *Consumer
	cancel   context.CancelFunc
	done     chan error // Nil before start and after stop.
}

// inBubble runs a test in virtual time. Whatever the test does, every batch must end once, and every body must be closed.
func inBubble(t *testing.T, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{T: t, cfg: DefaultConfig(), queue: newFakeQueue(3), store: newFakeS3(), counter: newFakeCounter(), progress: newFakeProgress(), registry: prometheus.NewRegistry()}
		r.cfg.QueueURL, r.cfg.Buckets, r.cfg.Workers = queueURL, []string{bucket}, 2
		test(r)
		if r.done != nil {
			r.stop()
		}
		if r.store.open != 0 {
			t.Errorf("%d bodies stayed open", r.store.open)
		}
		if c := r.counter; c.batches != c.finished || len(c.faults) > 0 {
			t.Errorf("%d batches were begun and %d ended; %v", c.batches, c.finished, c.faults)
		}
	})
}

// build makes the consumer that the rig describes by now.
func (r *rig) build() {
	r.Helper()
	core, logs := observer.New(zap.DebugLevel)
	c, err := New(r.cfg, Deps{SQS: r.queue, S3: r.store, Counter: r.counter, Progress: r.progress, Logger: zap.New(core), Registerer: r.registry, Memory: r.share})
	if err != nil {
		r.Fatal(err)
	}
	r.logs, r.consumer = logs, c
}

// start runs the consumer, which is built unless the test has done that.
func (r *rig) start() {
	r.Helper()
	if r.consumer == nil {
		r.build()
	}
	ctx, cancel := context.WithCancel(r.Context())
	r.cancel, r.done = cancel, make(chan error, 1)
	go func() { r.done <- r.consumer.Run(ctx) }()
}

// stop ends the consumer and says how long that took.
func (r *rig) stop() time.Duration {
	r.Helper()
	began := time.Now()
	r.cancel()
	select {
	case err := <-r.done:
		if err != nil {
			r.Errorf("Run: got %v, want no error", err)
		}
	case <-time.After(time.Hour):
		r.Fatal("Run: still there an hour after it was told to stop")
	}
	r.done = nil
	return time.Since(began)
}

// runFor is the whole life of a consumer.
func (r *rig) runFor(d time.Duration) {
	r.Helper()
	r.start()
	time.Sleep(d)
	r.stop()
}

// wantLines finds how often a text was logged at a level.
func (r *rig) wantLines(level zapcore.Level, text string, want int) {
	r.Helper()
	if got := r.logs.FilterLevelExact(level).FilterMessageSnippet(text).Len(); got != want {
		r.Errorf("%q was logged %d times as %s, want %d", text, got, level, want)
	}
}

// counters are all counters that moved, with the value of their only label: objects{counted}.
func (r *rig) counters() map[string]float64 {
	r.Helper()
	all := map[string]float64{}
	for _, f := range r.gather() {
		for _, m := range f.GetMetric() {
			name := strings.TrimSuffix(strings.TrimPrefix(f.GetName(), "flowd_"), "_total")
			for _, l := range m.GetLabel() {
				name += "{" + l.GetValue() + "}"
			}
			if v := m.GetCounter().GetValue(); v != 0 {
				all[name] = v
			}
		}
	}
	return all
}

// gauges are the states of the queue.
func (r *rig) gauges() map[string]float64 {
	all := map[string]float64{}
	for _, f := range r.gather() {
		if f.GetName() == "flowd_sqs_queue_messages" {
			for _, m := range f.GetMetric() {
				all[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
			}
		}
	}
	return all
}

func (r *rig) gather() []*dto.MetricFamily {
	r.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.Fatal(err)
	}
	return families
}

func (r *rig) wantCounters(want map[string]float64) {
	r.Helper()
	if got := r.counters(); !maps.Equal(got, want) {
		r.Errorf("counters: got %v, want %v", got, want)
	}
}

func (r *rig) wantRecords(want int) {
	r.Helper()
	if got, _ := r.counter.records(); got != want {
		r.Errorf("records in the totals: got %d, want %d", got, want)
	}
}

// wantFate says where the only message is, and how often it was received.
func (r *rig) wantFate(want string, receives int) {
	r.Helper()
	q := r.queue
	all := slices.Concat(q.messages, q.dead, q.deleted)
	if len(all) != 1 {
		r.Fatalf("got %d messages, want 1", len(all))
	}
	got := map[bool]string{len(q.messages) == 1: onQueue, len(q.dead) == 1: deadLettered, len(q.deleted) == 1: deleted}[true]
	if got != want || len(all[0].receipts) != receives {
		r.Errorf("the message: got %s after %d receives, want %s after %d", got, len(all[0].receipts), want, receives)
	}
}

const (
	deleted      = "deleted"
	onQueue      = "on the queue"
	deadLettered = "dead-lettered"
)

// text is a flow log of n records, in a format of its own.
func text(n int) string {
	var b strings.Builder
	b.WriteString("version interface-id srcaddr dstaddr bytes packets action log-status\n")
	for i := range n {
		fmt.Fprintf(&b, "2 eni-%08x 10.0.%d.%d 192.0.2.7 %d %d ACCEPT OK\n", i%5, i/250%250, i%250, 40*i, i)
	}
	return b.String()
}

// zip makes one gzip member.
func zip(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// An event is what S3 says of one object: a JSON object that a test may change before it is sent.
type event map[string]any

// created announces an object as S3 does.
func created(key string, o *fakeObject) event {
	return event{
		"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2026-03-01T12:00:00.000Z",
		"s3": event{"bucket": event{"name": bucket}, "object": event{"key": url.QueryEscape(key), "size": len(o.content), "eTag": o.etag}},
	}
}

// with changes a member of the event, or of its object.
func (e event) with(name string, value any) event {
	if _, top := e[name]; top {
		e[name] = value
	} else {
		e["s3"].(event)["object"].(event)[name] = value
	}
	return e
}

func (e event) without(name string) event {
	delete(e, name)
	delete(e["s3"].(event)["object"].(event), name)
	return e
}

// message is the body that carries the events.
func message(events ...event) string { return encode(event{"Records": events}) }

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // Only a test that is wrong gets here.
	}
	return string(b)
}

// sendObject stores an object and announces it.
func (r *rig) sendObject(key string, content []byte) *fakeObject {
	o := r.store.put(key, content)
	r.queue.send(message(created(key, o)))
	return o
}

// sendSlowly announces an object that takes this long to read.
func (r *rig) sendSlowly(key string, content []byte, d time.Duration) {
	r.queue.send(message(created(key, slowly(r.store.put(key, content), d))))
}

// slowly makes an object come in ten pieces, fast enough not to be given up: blank lines are added for that.
func slowly(o *fakeObject, d time.Duration) *fakeObject {
	if d >= slowWindow {
		o.content = slices.Concat(o.content, blank(2*slowRate*int(d/time.Second), bytes.HasPrefix(o.content, []byte{0x1f, 0x8b})))
	}
	o.chunk, o.pause = len(o.content)/9+1, d/10
	return o
}

// blank is so many bytes of blank lines, as plain text or as a gzip member that is as long.
func blank(n int, zipped bool) []byte {
	lines := bytes.Repeat([]byte(strings.Repeat(" ", 1023)+"\n"), n/1024)
	if !zipped {
		return lines
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err == nil {
		_, err = w.Write(lines)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // Only a test that is wrong gets here.
	}
	return b.Bytes()
}
