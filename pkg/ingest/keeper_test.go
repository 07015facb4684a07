package ingest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.uber.org/zap"
)

// F04 visibility timeout ends while an object is read: it is extended at a third of it, so that a slow object is received and read once.
func TestF04_VisibilityTimeoutIsExtended(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.sendSlowly(key, zip(r, text(3)), 150*time.Second) // More than twice the visibility timeout.
		r.runFor(time.Hour)
		r.wantFate(deleted, 1)
		r.wantRecords(3)
		if got := r.counters()["sqs_visibility_extensions{ok}"]; got != 7 {
			t.Errorf("extensions in 150 seconds, every 20 seconds: got %v, want 7", got)
		}
		if want := slices.Repeat([]time.Duration{time.Minute}, 7); !slices.Equal(r.queue.extended, want) {
			t.Errorf("extended by: got %v, want %v", r.queue.extended, want)
		}
	})
}

func TestVisibilityIsExtendedWhileTheCommitIsSynced(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.counter.commitTime = 5 * time.Minute
		r.sendObject(key, zip(r, text(3)))
		r.runFor(time.Hour)
		r.wantFate(deleted, 1)
	})
}

func TestVisibilityIsExtendedUntilTheDeleteWorks(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.VisibilityTimeout = minVisibility
		r.queue.fails = func(ctx context.Context, call string, n int) error {
			if call == "DeleteMessageBatch" && n < deleteTries {
				<-ctx.Done() // Two calls that hang take twice the visibility timeout.
				return ctx.Err()
			}
			return nil
		}
		r.sendObject(key, zip(r, text(3)))
		r.runFor(time.Hour)
		r.wantFate(deleted, 1)
	})
}

// F05 extension throttled, refused or unanswered: it is tried again while the visibility timeout still runs, and counted as `error`.
func TestF05_ExtensionFailsOnce(t *testing.T) {
	for name, fail := range map[string]func(ctx context.Context) error{
		"an error":    func(context.Context) error { return errDown },
		"no answer":   func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"a throttled": func(context.Context) error { return &types.RequestThrottled{} },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.queue.fails = func(ctx context.Context, call string, n int) error {
					if call == "ChangeMessageVisibility" && n == 1 {
						return fail(ctx)
					}
					return nil
				}
				r.sendSlowly(key, zip(r, text(3)), 90*time.Second)
				r.runFor(time.Hour)
				r.wantFate(deleted, 1)
				if got := r.counters(); got["sqs_visibility_extensions{error}"] != 1 || got["sqs_visibility_extensions{ok}"] < 2 {
					t.Errorf("extensions: got %v, want 1 error and several ok", got)
				}
			})
		})
	}
}

// F06 receipt handle no longer valid: the object is finished, and a duplicate where its message was delivered again; the extension is counted as
// `lost` and logged once.
func TestF06_LostReceipt(t *testing.T) {
	inBubble(t, func(r *rig) {
		outage := time.Now().Add(70 * time.Second)
		r.queue.fails = func(_ context.Context, call string, _ int) error {
			if call == "ChangeMessageVisibility" && time.Now().Before(outage) {
				return errDown
			}
			return nil
		}
		r.sendSlowly(key, zip(r, text(3)), 100*time.Second)
		r.runFor(time.Hour)
		r.wantFate(deleted, 2)
		r.wantRecords(3)
		got := r.counters()
		if got["sqs_visibility_extensions{lost}"] != 1 || got["objects{counted}"] != 1 || got["objects{duplicate}"] != 1 {
			t.Errorf("got %v, want one lost extension, one object counted, one duplicate", got)
		}
		r.wantLines(zap.WarnLevel, "a message was delivered again while it was in work", 1)
	})
}

// TestExtensionUnderWayDoesNotHideAMessageThatWasGivenBack has an extension that takes a while to arrive, and an object that fails meanwhile.
func TestExtensionUnderWayDoesNotHideAMessageThatWasGivenBack(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.fails = func(_ context.Context, call string, n int) error {
			if call == "ChangeMessageVisibility" && n == 1 {
				time.Sleep(5 * time.Second) // A server does not care that nobody waits any more.
			}
			return nil
		}
		broken := zip(r, text(3))
		r.sendSlowly(key, broken[:len(broken)-1], 22*time.Second)
		began := time.Now()
		r.start()
		time.Sleep(2 * time.Minute)
		r.stop()
		m := r.queue.messages[0]
		if got := m.receivedAt[1].Sub(began); got > 25*time.Second+releaseBase*6/5 {
			t.Errorf("received again after %s, want the 30 seconds, more or less, after which it was given back", got)
		}
	})
}

func TestWhichErrorsMeanThatAReceiptIsLost(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&types.ReceiptHandleIsInvalid{}, true},
		{&types.MessageNotInflight{}, true},
		{apiError("AWS.SimpleQueueService.MessageNotInflight"), true}, // Its older name, which a header of the answer may bring back.
		{apiError("InvalidParameterValue"), true},                     // An expired handle, and twelve hours that are over.
		{&types.RequestThrottled{}, false},
		{&types.QueueDoesNotExist{}, false},
		{errDown, false},
		{context.DeadlineExceeded, false},
	} {
		if got := isLost(c.err); got != c.want {
			t.Errorf("%v: got lost %t, want %t", c.err, got, c.want)
		}
	}
}
