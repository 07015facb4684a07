package ingest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// F17 queue without a redrive policy: flowd does not start, and says how to allow it; then a message that cannot be read returns about every 15
// minutes.
func TestF17_NoRedrivePolicy(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.maxReceives = 0
		r.sendObject(key, zip(r, text(3)))
		r.start()
		err := <-r.done
		r.done = nil
		if !errors.Is(err, ErrNoDLQ) || !strings.Contains(err.Error(), "--ingest.allow-no-dlq") {
			t.Errorf("Run: got %v, want %v, which says how to go on", err, ErrNoDLQ)
		}
		r.wantFate(onQueue, 0)
		if err := r.consumer.Ready(); !errors.Is(err, ErrStarting) {
			t.Errorf("Ready: got %v, want %v", err, ErrStarting)
		}
	})
}

func TestQueueWithoutRedrivePolicyRunsWhenThatIsAllowed(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.maxReceives, r.cfg.AllowNoDLQ = 0, true
		r.queue.send("not a notification")
		r.runFor(24 * time.Hour)
		if got := len(r.queue.messages[0].receipts); got < 24*4 || got > 24*6 {
			t.Errorf("a message that nobody understands was received %d times a day, want about every 15 minutes", got)
		}
	})
}

func TestQueueThatCannotBeLookedAtIsAnError(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.fails = func(context.Context, string, int) error { return errDown }
		r.start()
		err := <-r.done
		r.done = nil
		if !errors.Is(err, errDown) || !strings.Contains(err.Error(), queueURL) {
			t.Errorf("Run: got %v, want %v and the name of the queue", err, errDown)
		}
	})
}

func TestQueueGauges(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Workers = 1
		for range 3 {
			r.sendSlowly(key, zip(r, text(3)), 70*time.Second)
		}
		r.queue.dead = append(r.queue.dead, &fakeMessage{id: "dead"})
		r.start()
		time.Sleep(2 * queueInterval)
		want := map[string]float64{"visible": 2, "in_flight": 1, "delayed": 0, "dead_letter": 1}
		if got := r.gauges(); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestDeadLetterQueueThatCannotBeLookedUpIsNotShownAsEmpty(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.fails = func(_ context.Context, call string, _ int) error {
			if call == "GetQueueUrl" {
				return apiError("AccessDenied")
			}
			return nil
		}
		r.sendObject(key, zip(r, text(3)))
		r.runFor(time.Minute)
		r.wantFate(deleted, 1)
		if got, shown := r.gauges()["dead_letter"]; shown {
			t.Errorf("got %v dead messages, want no such sample", got)
		}
	})
}

func TestReceiveThatFailsBacksOffAndRecovers(t *testing.T) {
	for name, fail := range map[string]func(ctx context.Context) error{
		"refused":  func(context.Context) error { return errDown },
		"no reply": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				outage := time.Now().Add(time.Hour)
				r.queue.fails = func(ctx context.Context, call string, _ int) error {
					if call == "ReceiveMessage" && time.Now().Before(outage) {
						return fail(ctx)
					}
					return nil
				}
				r.sendObject(key, zip(r, text(3)))
				r.runFor(time.Hour + 2*maxPause + receiveTimeout)
				r.wantFate(deleted, 1)
				got := r.counters()["sqs_messages_failed{receive}"]
				if most := float64(r.cfg.Workers) * (time.Hour.Seconds()/24 + 10); got < 40 || got > most {
					t.Errorf("failed receives in an hour: got %v, want between 40 and %v", got, most)
				}
			})
		})
	}
}

// TestQueueThatDoesNotLongPollIsNotAskedAllTheTime has a queue that answers at once when it has nothing.
func TestQueueThatDoesNotLongPollIsNotAskedAllTheTime(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.impatient = true
		r.runFor(10 * time.Minute)
		if got, most := r.queue.calls["ReceiveMessage"], r.cfg.Workers*10*60*10/8; got > most || got < most/3 {
			t.Errorf("receives in 10 minutes: got %d, want about one a second and worker, and at most %d", got, most)
		}
	})
}

func TestReceiveAsksForOneMessageAndHidesIt(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.VisibilityTimeout = 90 * time.Second
		r.runFor(time.Minute)
		if len(r.queue.receives) == 0 {
			t.Fatal("nothing was received")
		}
		wait := int32(1) // Until the queue has answered, see TestIdleQueueIsReadyAtOnce; a long poll from then on.
		for _, in := range r.queue.receives {
			wait = max(wait, in.WaitTimeSeconds)
			if in.MaxNumberOfMessages != 1 || in.VisibilityTimeout != 90 || in.WaitTimeSeconds != wait {
				t.Errorf("got %d messages, hidden for %d s, waiting %d s; want 1, 90, %d", in.MaxNumberOfMessages, in.VisibilityTimeout, in.WaitTimeSeconds, wait)
			}
		}
		if wait != 20 {
			t.Errorf("the last receive waits %d s, want 20", wait)
		}
	})
}

// TestIdleQueueIsReadyAtOnce has nothing on the queue: the 20 seconds of a long poll are no reason to be called not ready.
func TestIdleQueueIsReadyAtOnce(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.longPoll = 20 * time.Second // As the set-up makes it.
		r.start()
		<-time.After(2 * time.Second)
		if err := r.consumer.Ready(); err != nil {
			t.Errorf("two seconds after the start: got %v, want ready", err)
		}
	})
}

func TestDeletesGoInBatches(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Workers = 1
		for i := range 23 {
			r.sendObject(key+strconv.Itoa(i), zip(r, text(3)))
		}
		r.runFor(time.Minute)
		if got, want := r.queue.batches, []int{10, 10, 3}; !slices.Equal(got, want) {
			t.Errorf("sizes of deletes: got %v, want %v", got, want)
		}
		r.wantRecords(23 * 3)
	})
}

// F08 batch delete fails for some messages: only those are deleted again, up to three times.
func TestF08_PartOfABatchIsNotDeleted(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Workers = 1
		for i := range 10 {
			r.sendObject(key+strconv.Itoa(i), zip(r, text(3)))
		}
		r.queue.refuses = func(entry int) bool { return entry == 3 || entry == 7 }
		r.runFor(time.Minute)
		if got, want := r.queue.batches, []int{10, 2}; !slices.Equal(got, want) {
			t.Errorf("sizes of deletes: got %v, want %v", got, want)
		}
		r.wantCounters(map[string]float64{"sqs_messages_received": 10, "sqs_messages_deleted": 10, "objects{counted}": 10})
	})
}

func TestDeleteThatFailsForGoodDoesNotCountTwice(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.fails = func(_ context.Context, call string, n int) error {
			if call == "DeleteMessageBatch" && n <= deleteTries {
				return errDown
			}
			return nil
		}
		r.sendObject(key, zip(r, text(3)))
		r.runFor(time.Hour)
		r.wantFate(deleted, 2)
		r.wantRecords(3)
		r.wantCounters(map[string]float64{
			"sqs_messages_received": 2, "sqs_messages_deleted": 1, "sqs_messages_failed{delete}": 1, "objects{counted}": 1, "objects{duplicate}": 1,
		})
	})
}

// TestDeleteIsNotRetriedWithABadReceipt has a queue that does not know the receipt: no try would go better.
func TestDeleteIsNotRetriedWithABadReceipt(t *testing.T) {
	inBubble(t, func(r *rig) {
		m := r.queue.send(message(created(key, slowly(r.store.put(key, zip(r, text(3))), 10*time.Second))))
		r.start()
		time.Sleep(5 * time.Second)
		r.queue.mu.Lock()
		m.receipts = []string{"another"}
		r.queue.mu.Unlock()
		time.Sleep(10 * time.Second)
		r.stop()
		if got, want := r.queue.batches, []int{1}; !slices.Equal(got, want) {
			t.Errorf("sizes of deletes: got %v, want %v", got, want)
		}
		if got := r.counters()["sqs_messages_failed{delete}"]; got != 1 {
			t.Errorf("failed deletes: got %v, want 1", got)
		}
	})
}

// TestNothingIsDeletedBeforeItsCommit looks at the queue at every moment until the commit is durable.
func TestNothingIsDeletedBeforeItsCommit(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.counter.commitTime = 30 * time.Second
		r.sendObject(key, zip(r, text(3)))
		r.start()
		looks := 0
		for ; ; looks++ {
			time.Sleep(time.Second)
			if n, _ := r.counter.records(); n > 0 {
				break
			}
			if r.queue.left() != 1 {
				t.Fatalf("the message was gone %d seconds before the commit", looks)
			}
		}
		if looks < 20 {
			t.Fatalf("looked %d times, want about 30", looks)
		}
		time.Sleep(2 * deletePause)
		r.stop()
		r.wantFate(deleted, 1)
	})
}
