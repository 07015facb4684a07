package ingest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestReady(t *testing.T) {
	inBubble(t, func(r *rig) {
		outage := time.Now().Add(time.Minute)
		r.queue.fails = func(_ context.Context, call string, _ int) error {
			if call == "ReceiveMessage" && time.Now().Before(outage) {
				return errDown
			}
			return nil
		}
		ready := func(when string, want error) {
			t.Helper()
			if got := r.consumer.Ready(); !errors.Is(got, want) || (got == nil) != (want == nil) {
				t.Errorf("%s: got %v, want %v", when, got, want)
			}
		}
		r.build()
		ready("before Run", ErrStarting)
		r.start()
		time.Sleep(30 * time.Second)
		ready("while the queue does not answer", ErrStarting)
		time.Sleep(30*time.Second + 2*maxPause)
		ready("after the queue has answered", nil)

		r.sendSlowly(key, zip(r, text(3)), 20*time.Second)
		time.Sleep(5 * time.Second)
		r.cancel()
		synctest.Wait()
		ready("while a message is finished", ErrDraining)
		r.stop()
		ready("after Run", ErrDraining)
		r.wantRecords(3)
	})
}

func TestIdleConsumerStopsAtOnce(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.start()
		time.Sleep(30 * time.Second)
		if took := r.stop(); took != 0 {
			t.Errorf("stopping took %s, want no time", took)
		}
		if got := r.counters(); len(got) > 0 {
			t.Errorf("counters: got %v, want none: being told to stop is no failure", got)
		}
	})
}

// F67 SIGTERM: receiving stops, messages in work are finished, counted and deleted within the drain timeout, and nothing more is received.
func TestF67_Drain(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.sendSlowly("a", zip(r, text(3)), 18*time.Second)
		r.sendSlowly("b", zip(r, text(5)), 18*time.Second)
		r.start()
		time.Sleep(5 * time.Second)
		waiting := r.sendObject("c", zip(r, text(7))) // Both workers are busy, and nothing more is received.
		if took := r.stop(); took != 13*time.Second {
			t.Errorf("stopping took %s, want the 13 seconds that were left", took)
		}
		if left := r.queue.left(); left != 1 || len(r.queue.messages[0].receipts) != 0 {
			t.Errorf("got %d messages left, want only the one for %s, never received", left, waiting.etag)
		}
		r.wantRecords(8)
		r.wantCounters(map[string]float64{"sqs_messages_received": 2, "sqs_messages_deleted": 2, "objects{counted}": 2})
	})
}

// F68 drain timeout ends before an object does: nothing of it is counted, its message is visible again at once, and the next process counts it.
func TestF68_DrainTakesTooLong(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.sendSlowly(key, zip(r, text(3)), 100*time.Second)
		r.start()
		time.Sleep(5 * time.Second)
		if took := r.stop(); took != r.cfg.DrainTimeout {
			t.Errorf("stopping took %s, want the drain timeout of %s", took, r.cfg.DrainTimeout)
		}
		r.wantFate(onQueue, 1)
		if m := r.queue.messages[0]; m.visible.After(time.Now()) {
			t.Errorf("the message is hidden for another %s, want it visible at once", time.Until(m.visible))
		}
		r.wantRecords(0)
		r.wantCounters(map[string]float64{
			"sqs_messages_received": 1, "sqs_messages_failed{drained}": 1, "object_failures{drained}": 1, "sqs_visibility_extensions{ok}": 1,
		})

		r.consumer, r.registry = nil, prometheus.NewRegistry() // The next process.
		r.runFor(5 * time.Minute)
		r.wantFate(deleted, 2)
		r.wantRecords(3)
	})
}

func TestDrainDoesNotWaitForACommitThatNeverAnswers(t *testing.T) {
	for name, answer := range map[string]time.Duration{"never": 0, "after the drain timeout": 40 * time.Second} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.counter.commitTime = answer
				r.counter.commit = func(int) (*CommitResult, bool) { return nil, answer == 0 }
				for _, key := range []string{"a", "b", "c", "d", "e", "f"} { // More than the workers may hand over before they wait.
					r.sendObject(key, zip(r, text(3)))
				}
				r.start()
				time.Sleep(5 * time.Second)
				if took := r.stop(); took != r.cfg.DrainTimeout {
					t.Errorf("stopping took %s, want the drain timeout of %s", took, r.cfg.DrainTimeout)
				}
				if got := r.counters(); got["sqs_messages_deleted"] != 0 || got["sqs_messages_failed{drained}"] != got["sqs_messages_received"] || got["sqs_messages_received"] < 3 {
					t.Errorf("got %v, want every message that was received to be left on the queue", got)
				}
			})
		})
	}
}

// TestDrainDoesNotWaitForAFullCommitter has a disk that hangs, and a committer that takes nothing more.
func TestDrainDoesNotWaitForAFullCommitter(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.counter.full = true
		for _, key := range []string{"a", "b", "c"} {
			r.sendObject(key, zip(r, text(3)))
		}
		r.start()
		time.Sleep(5 * time.Second)
		if took := r.stop(); took != r.cfg.DrainTimeout {
			t.Errorf("stopping took %s, want the drain timeout of %s", took, r.cfg.DrainTimeout)
		}
		r.wantCounters(map[string]float64{
			"sqs_messages_received": 2, "sqs_messages_failed{drained}": 2, "object_failures{drained}": 2, "sqs_visibility_extensions{ok}": 2,
		})
	})
}

// TestCommitAtTheVeryEndCounts has results that are ready when the drain timeout ends: they are not thrown away.
func TestCommitAtTheVeryEndCounts(t *testing.T) {
	work, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // A select picks at random.
		result := make(chan CommitResult, 1)
		result <- CommitResult{Duplicate: true}
		if got, err := await(work, result); err != nil || !got.Duplicate {
			t.Fatalf("got %v, %v, want the result", got, err)
		}
	}
}

func TestCommitThatIsClosedInSilenceIsAFailure(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.counter.commit = func(n int) (*CommitResult, bool) { return nil, n == 1 }
		r.counter.closes = true
		r.sendObject(key, zip(r, text(3)))
		r.runFor(time.Hour)
		r.wantFate(deleted, 2)
		r.wantCounters(again("object_failures{commit}"))
	})
}

// TestDrainIsBoundedWhenTheQueueHangs has a queue that answers no call any more once the drain began.
func TestDrainIsBoundedWhenTheQueueHangs(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Workers = 8
		works := time.Now().Add(5 * time.Second)
		r.queue.fails = func(ctx context.Context, _ string, _ int) error {
			if time.Now().After(works) {
				<-ctx.Done()
			}
			return ctx.Err()
		}
		for i := range r.cfg.Workers {
			d := 100 * time.Second
			if i == 0 {
				d = 20 * time.Second // One that can be deleted, were there a queue.
			}
			r.sendSlowly(key+string(rune('a'+i)), zip(r, text(3)), d)
		}
		r.start()
		time.Sleep(5 * time.Second)
		if took := r.stop(); took > r.cfg.DrainTimeout+2*callTimeout {
			t.Errorf("stopping took %s, want at most the drain timeout of %s and two calls of %s", took, r.cfg.DrainTimeout, callTimeout)
		}
		r.wantRecords(3)
		if got := r.counters(); got["sqs_messages_failed{delete}"] != 1 || got["sqs_messages_failed{drained}"] != 7 {
			t.Errorf("got %v, want one failed delete and seven drained", got)
		}
	})
}

func TestStopWhileTheQueueIsLookedUp(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.fails = func(ctx context.Context, _ string, _ int) error { <-ctx.Done(); return ctx.Err() }
		r.start()
		time.Sleep(callTimeout / 2)
		if took := r.stop(); took != 0 {
			t.Errorf("stopping took %s, want no time", took)
		}
	})
}
