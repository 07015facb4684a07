package ingest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// How many different objects must fail in a row before it is no longer their own fault.
const (
	enoughBroken = 3 // Connections that broke or stood still inside a body.
	enoughDenied = 5 // S3 refuses single objects for many reasons, and a bucket may be one of several.
)

// Throttling is an outage when more than half of the calls of a window fail by it.
const (
	throttleWindow = 30 * time.Second
	enoughCalls    = 10
)

// unreadyAfter is how long an outage may last before flowd calls itself not ready: short ones should not flap.
const unreadyAfter = time.Minute

// ErrOutage is why a consumer is not ready while it has stopped receiving for more than a minute; the text says what it suffers from.
var ErrOutage = errors.New("receiving has stopped")

// circuit is open during an outage. Nothing is received then but by one worker that probes, because every receive of a message that cannot be
// counted brings the message closer to the dead-letter queue. All methods may be called by many goroutines.
type circuit struct {
	gauge *prometheus.GaugeVec
	log   *zap.Logger
	turn  limit // The one worker that probes has it.

	mu      sync.Mutex
	outage  string // Empty while the circuit is closed.
	cause   error
	since   time.Time
	byQueue bool          // A receive failed, and not something that was received.
	closed  chan struct{} // Closed while the circuit is.

	streak   string          // What the last objects failed of, all of them;
	objects  map[string]bool // and which ones those are.
	receives callWindow
	gets     callWindow
}

func newCircuit(gauge *prometheus.GaugeVec, log *zap.Logger) *circuit {
	t := &circuit{gauge: gauge, log: log, turn: make(limit, 1), closed: make(chan struct{})}
	close(t.closed)
	return t
}

func (t *circuit) isOpen() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.outage != ""
}

// untilClosed is ready when the circuit is closed.
func (t *circuit) untilClosed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}

// ready is nil but during an outage that lasts.
func (t *circuit) ready() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.outage == "" || time.Since(t.since) < unreadyAfter {
		return nil
	}
	return fmt.Errorf("%w since %s (%s): %s", ErrOutage, t.since.UTC().Format(time.RFC3339), t.outage, clip(t.cause.Error()))
}

// receiveFailed opens the circuit, when the error is no accident.
func (t *circuit) receiveFailed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	outage := outageOf(err)
	t.receives.add(outage)
	if outage != "" && (outage != outageThrottled || t.receives.mostThrottled()) {
		t.open(outage, err)
		t.byQueue = true
	}
}

// received closes a circuit that the queue had opened. A receive that began before that proves nothing: it may be an old connection.
func (t *circuit) received(began time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.receives.add("")
	if t.byQueue && began.After(t.since) {
		t.close()
	}
}

// objectFailed opens the circuit when it is not the fault of that object alone. It reports whether the error may be a sign of an outage.
func (t *circuit) objectFailed(o Object, err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	outage := outageOf(err)
	t.gets.add(outage)
	if t.streak != outage {
		t.streak, t.objects = outage, map[string]bool{}
	}
	if outage == "" {
		return false
	}
	t.objects[o.Bucket+"/"+o.Key] = true
	if t.proves(outage, reasonOf(err, "")) {
		t.open(outage, err)
		t.byQueue = false
	}
	return true
}

// proves says whether the streak is long enough.
func (t *circuit) proves(outage, reason string) bool {
	switch {
	case outage == outageThrottled:
		return t.gets.mostThrottled()
	case outage == outageDenied || outage == outageBucket:
		return len(t.objects) >= enoughDenied
	case reason == reasonRead || reason == reasonStalled:
		return len(t.objects) >= enoughBroken
	}
	return true
}

// objectRead ends a streak.
func (t *circuit) objectRead() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gets.add("")
	t.streak, t.objects = "", nil
}

// recovered closes the circuit: a probe was counted.
func (t *circuit) recovered() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.close()
}

// open needs the lock, as do all from here on.
func (t *circuit) open(outage string, err error) {
	switch t.outage {
	case outage:
		t.cause = err
		return
	case "":
		t.since, t.closed = time.Now(), make(chan struct{})
		t.log.Error("receiving stops until the outage is over", zap.String("outage", outage), zap.Error(err))
	default: // One outage hid another.
		t.gauge.WithLabelValues(t.outage).Set(0)
	}
	t.outage, t.cause = outage, err
	t.gauge.WithLabelValues(outage).Set(1)
}

func (t *circuit) close() {
	if t.outage == "" {
		return
	}
	t.log.Info("the outage is over; receiving again", zap.String("outage", t.outage), zap.Duration("lasted", time.Since(t.since)))
	t.gauge.WithLabelValues(t.outage).Set(0)
	t.outage, t.cause, t.byQueue = "", nil, false
	t.streak, t.objects, t.receives, t.gets = "", nil, callWindow{}, callWindow{}
	close(t.closed)
}

// callWindow knows how many of the last calls were throttled.
type callWindow struct {
	began            time.Time
	calls, throttled int
}

func (w *callWindow) add(outage string) {
	if time.Since(w.began) > throttleWindow {
		*w = callWindow{began: time.Now()}
	}
	w.calls++
	if outage == outageThrottled {
		w.throttled++
	}
}

func (w *callWindow) mostThrottled() bool { return w.calls >= enoughCalls && 2*w.throttled > w.calls }
