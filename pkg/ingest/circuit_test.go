package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// errRefused is what the SDK returns when nobody listens.
var errRefused = fmt.Errorf("operation error: %w", &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})

// openCircuits are the reasons at 1.
func (r *rig) openCircuits() string {
	var open []string
	for _, f := range r.gather() {
		if f.GetName() == "flowd_circuit_open" {
			for _, m := range f.GetMetric() {
				if m.GetGauge().GetValue() != 0 {
					open = append(open, m.GetLabel()[0].GetValue())
				}
			}
		}
	}
	return strings.Join(open, " ")
}

func (r *rig) wantCircuit(want string) {
	r.Helper()
	if got := r.openCircuits(); got != want {
		r.Errorf("open circuit: got %q, want %q", got, want)
	}
}

// mostReceived is the highest receive count of all messages.
func (q *fakeQueue) mostReceived() (most int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, all := range [][]*fakeMessage{q.messages, q.dead, q.deleted} {
		for _, m := range all {
			most = max(most, len(m.receipts))
		}
	}
	return most
}

// during makes a call fail until the outage ends.
func during(d time.Duration, err error) func(context.Context, int) error {
	end := time.Now().Add(d)
	return func(context.Context, int) error {
		if time.Now().Before(end) {
			return err
		}
		return nil
	}
}

// TestOutageBurnsNoReceives is a day without S3, with a queue that goes to the dead-letter queue after three receives, for few and for many messages.
func TestOutageBurnsNoReceives(t *testing.T) {
	for _, messages := range []int{1, 2, 100} {
		t.Run(fmt.Sprint(messages, " messages"), func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.queue.maxReceives = 6
				r.cfg.Workers = 16
				for i := range messages {
					r.sendObject(fmt.Sprint("object-", i), zip(r, text(3)))
				}
				const outage = 24 * time.Hour
				r.store.fails = during(outage, errRefused)
				r.start()
				time.Sleep(outage)
				r.wantCircuit(outageNetwork)
				if err := r.consumer.Ready(); !errors.Is(err, ErrOutage) || !strings.Contains(err.Error(), outageNetwork) || !strings.Contains(err.Error(), "refused") {
					t.Errorf("Ready: got %v, want one that says why", err)
				}
				time.Sleep(time.Minute + 10*time.Second)
				r.wantCircuit("")
				if err := r.consumer.Ready(); err != nil {
					t.Errorf("Ready: got %v, want no error", err)
				}
				time.Sleep(time.Hour)
				r.stop()
				r.wantRecords(3 * messages)
				if got := r.queue.mostReceived(); got > 4 {
					t.Errorf("a message was received %d times in a day without S3", got)
				}
			})
		})
	}
}

// TestBlipDoesNotFlap is an outage that is shorter than a minute.
func TestBlipDoesNotFlap(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.sendObject(key, zip(r, text(3)))
		r.store.fails = during(20*time.Second, errRefused) // The third probe is at 28 seconds at the earliest, and at 42 at the latest.
		r.start()
		for range 10 {
			time.Sleep(10 * time.Second)
			if err := r.consumer.Ready(); err != nil {
				t.Errorf("Ready: got %v, want no error", err)
			}
		}
		r.stop()
		r.wantCircuit("")
		for _, text := range []string{"receiving stops", "the outage is over; receiving again"} {
			if got := r.logs.FilterMessageSnippet(text).Len(); got != 1 {
				t.Errorf("%s: got %d log lines, want 1", text, got)
			}
		}
	})
}

// TestOneObjectIsNoOutage has objects that fail for themselves among others that do not.
func TestOneObjectIsNoOutage(t *testing.T) {
	for name, c := range map[string]struct {
		refusal error
		fault   func(o *fakeObject)
	}{
		"S3 refuses it":        {apiError("AccessDenied"), func(*fakeObject) {}},
		"its bucket is gone":   {apiError("NoSuchBucket"), func(*fakeObject) {}},
		"it is throttled":      {apiError("SlowDown"), func(*fakeObject) {}},
		"its connection broke": {nil, func(o *fakeObject) { o.cutAt = 10 }},
		"it is no gzip":        {nil, func(o *fakeObject) { o.content[len(o.content)-5] = 0xff }},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.cfg.Workers = 1
				r.store.fails = func(_ context.Context, n int) error {
					return map[bool]error{true: c.refusal}[strings.HasPrefix(r.store.asked(n), "bad")]
				}
				c.fault(r.sendObject("bad-1", zip(r, text(3))))
				c.fault(r.sendObject("bad-2", zip(r, text(3))))
				r.start()
				for i := range 100 {
					r.sendObject(fmt.Sprint("good-", i), zip(r, text(3)))
					time.Sleep(2 * time.Second)
				}
				time.Sleep(time.Hour)
				r.stop()
				r.wantRecords(300)
				if got := r.logs.FilterMessageSnippet("receiving stops").Len(); got != 0 {
					t.Errorf("the circuit opened %d times, want never", got)
				}
				if len(r.queue.dead) != 2 {
					t.Errorf("got %d dead messages, want the 2 that are bad", len(r.queue.dead))
				}
			})
		})
	}
}

// TestManyBadMessagesDoNotKeepTheCircuitOpen has objects that S3 refuses for good before one that is fine.
func TestManyBadMessagesDoNotKeepTheCircuitOpen(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Workers = 1
		for i := range 2 * enoughDenied {
			r.sendObject(fmt.Sprint("bad", i), zip(r, text(3)))
		}
		r.store.fails = func(_ context.Context, n int) error {
			if strings.HasPrefix(r.store.asked(n), "bad") {
				return apiError("AccessDenied")
			}
			return nil
		}
		r.start()
		time.Sleep(30 * time.Minute)
		r.wantCircuit(outageDenied)
		r.sendObject("good", zip(r, text(3)))
		time.Sleep(65 * time.Second)
		r.wantRecords(3)
		if got := r.logs.FilterMessageSnippet("receiving again").Len(); got == 0 {
			t.Error("the circuit never closed")
		}
		r.stop()
	})
}

// TestUnstartedMessagesAreHeld sends messages while the other workers are in a long poll that began before the outage.
func TestUnstartedMessagesAreHeld(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Workers = 5
		r.start()
		time.Sleep(5 * time.Second)
		r.store.fails = during(time.Minute, errRefused)
		r.sendObject("first", zip(r, text(3)))
		time.Sleep(time.Second)
		gets := r.store.gets()
		for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
			r.sendObject(key, zip(r, text(3)))
		}
		time.Sleep(2 * time.Second)
		if got := r.counters()["sqs_messages_failed{held}"]; got != 4 || r.store.gets() != gets {
			t.Errorf("got %v messages held and %d gets, want one for each of the 4 workers that were polling and no get", got, r.store.gets()-gets)
		}
		time.Sleep(10 * time.Minute)
		r.stop()
		r.wantRecords(21)
		if got := r.queue.mostReceived(); got > 3 {
			t.Errorf("a message was received %d times, want at most three times: held, tried by the probe, and counted", got)
		}
	})
}

// TestOldConnectionDoesNotCloseTheCircuit has a long poll that began before the outage and ends well during it.
func TestOldConnectionDoesNotCloseTheCircuit(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.build()
		c, began := r.consumer.circuit, time.Now()
		time.Sleep(time.Second)
		c.receiveFailed(errRefused)
		c.received(began)
		r.wantCircuit(outageNetwork)
		time.Sleep(time.Second)
		c.received(time.Now())
		r.wantCircuit("")
	})
}

// TestIdleOutageEnds has a queue from which somebody else took what could prove that the outage is over.
func TestIdleOutageEnds(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.sendObject(key, zip(r, text(3)))
		r.store.fails = during(time.Second, errRefused)
		r.start()
		time.Sleep(time.Second)
		r.wantCircuit(outageNetwork)
		r.queue.mu.Lock()
		r.queue.messages = nil
		r.queue.mu.Unlock()
		time.Sleep(nothingToLose + 2*time.Minute)
		r.wantCircuit("")
		r.stop()
	})
}

// TestStoppingDuringAnOutage gives the message that the probe has in hand back at once.
func TestStoppingDuringAnOutage(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.sendObject(key, zip(r, text(3)))
		r.store.fails = during(time.Hour, errRefused)
		r.start()
		time.Sleep(10 * time.Minute)
		if took := r.stop(); took > time.Second {
			t.Errorf("stopping took %s", took)
		}
		r.wantFate(onQueue, 1)
		if m := r.queue.messages[0]; m.visible.After(time.Now()) {
			t.Errorf("the message is hidden for another %s, want it visible at once", time.Until(m.visible))
		}
	})
}

// world breaks at random.
type world struct {
	*rig
	random *rand.Rand

	mu            sync.Mutex
	s3, sqs, disk error // What every call is answered with; nil is none.
}

func (w *world) set(s3, sqs, disk error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.s3, w.sqs, w.disk = s3, sqs, disk
}

func (w *world) faults() (s3, sqs, disk error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.s3, w.sqs, w.disk
}

func (w *world) breakSomething() {
	all := [][3]error{
		{errRefused}, {apiError("ExpiredToken")}, {apiError("AccessDenied")}, {apiError("SlowDown")}, {apiError("NoSuchBucket")},
		{1: &types.QueueDoesNotExist{}}, {1: errRefused}, {2: errDisk}, {errRefused, errRefused, errDisk},
	}
	f := all[w.random.IntN(len(all))]
	w.set(f[0], f[1], f[2])
}

// TestSimulatedOutages lets a random sequence of outages come over a queue that is being filled. Nothing is lost, nothing counts twice, no message
// comes near the dead-letter queue, and a minute after the last repair flowd is receiving again.
func TestSimulatedOutages(t *testing.T) {
	const seeds = 200
	opened := 0
	for seed := range uint64(seeds) {
		inBubble(t, func(r *rig) {
			w := &world{rig: r, random: rand.New(rand.NewPCG(seed, seed))}
			opened += w.simulate(seed)
		})
		if t.Failed() {
			t.Fatalf("seed %d failed", seed)
		}
	}
	if opened < 2*seeds {
		t.Errorf("the circuit opened %d times in %d simulations: they simulate too little", opened, seeds)
	}
}

func (w *world) simulate(seed uint64) (opened int) {
	const outages = 3
	w.queue.maxReceives, w.cfg.Workers = 4*outages, 1+w.random.IntN(6)
	w.store.fails = func(context.Context, int) error {
		s3, _, _ := w.faults()
		return s3
	}
	w.queue.fails = func(_ context.Context, call string, _ int) error {
		if call == "GetQueueAttributes" || call == "GetQueueUrl" {
			return nil
		}
		_, sqs, _ := w.faults()
		return sqs
	}
	w.counter.commit = func(int) (*CommitResult, bool) {
		_, _, disk := w.faults()
		return &CommitResult{Err: disk}, disk != nil
	}
	w.counter.commitTime = time.Duration(w.random.IntN(200)) * time.Millisecond
	w.start()
	sent := 0
	send := func(d time.Duration) {
		for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Duration(w.random.IntN(180)) * time.Second) {
			for range w.random.IntN(5) {
				w.sendObject(fmt.Sprint("object-", sent), []byte(text(1)))
				sent++
			}
		}
	}
	for range outages {
		send(time.Duration(w.random.IntN(120)) * time.Second)
		w.breakSomething()
		send(time.Duration(w.random.IntN(1000)) * time.Second)
		w.set(nil, nil, nil)
		time.Sleep(65 * time.Second)
		if err := w.consumer.Ready(); err != nil || w.openCircuits() != "" {
			w.Errorf("seed %d, a minute after the repair: got %v, open: %q", seed, err, w.openCircuits())
		}
	}
	time.Sleep(releaseMost * 3 / 2)
	w.stop()
	w.wantRecords(sent)
	if len(w.queue.deleted) != sent || sent == 0 {
		w.Errorf("seed %d: %d of %d messages were deleted", seed, len(w.queue.deleted), sent)
	}
	if got := w.queue.mostReceived(); got > 3*outages {
		w.Errorf("seed %d: a message was received %d times in %d outages", seed, got, outages)
	}
	return w.logs.FilterMessageSnippet("receiving stops").Len()
}
