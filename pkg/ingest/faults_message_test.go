package ingest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
)

// F01 same message delivered twice: the second delivery is a duplicate, and is deleted.
func TestF01_MessageDeliveredTwice(t *testing.T) {
	inBubble(t, func(r *rig) {
		body := message(created(key, r.store.put(key, zip(r, text(3)))))
		r.queue.send(body)
		r.start()
		time.Sleep(10 * time.Second)
		r.queue.send(body)
		time.Sleep(10 * time.Second)
		r.stop()
		r.wantRecords(3)
		r.wantCounters(map[string]float64{"sqs_messages_received": 2, "sqs_messages_deleted": 2, "objects{counted}": 1, "objects{duplicate}": 1})
	})
}

// F02 two notifications of one upload: bucket, key and ETag are the identity, so the second is a duplicate whatever else it says.
func TestF02_TwoNotificationsOfOneUpload(t *testing.T) {
	inBubble(t, func(r *rig) {
		o := r.store.put(key, zip(r, text(3)))
		r.queue.send(message(created(key, o).with("sequencer", "0A")))
		r.queue.send(encode(fromEventBridge(key, o)))
		r.runFor(time.Minute)
		r.wantRecords(3)
		r.wantCounters(map[string]float64{"sqs_messages_received": 2, "sqs_messages_deleted": 2, "objects{counted}": 1, "objects{duplicate}": 1})
	})
}

// F03 notifications out of order: no order is assumed, and every object counts.
func TestF03_OutOfOrder(t *testing.T) {
	inBubble(t, func(r *rig) {
		for i := 9; i >= 0; i-- {
			k := fmt.Sprint("object-", i)
			r.queue.send(message(created(k, r.store.put(k, zip(r, text(i)))).with("sequencer", fmt.Sprint("0", i)).with("eventTime", fmt.Sprintf("2026-03-01T12:0%d:00Z", i))))
		}
		r.runFor(time.Minute)
		r.wantRecords(45)
	})
}

// F07 delete whose answer is lost: it is tried again, which does no harm; nothing is counted twice.
func TestF07_DeleteWithoutAnAnswer(t *testing.T) {
	scenario{
		func(r *rig) {
			r.sendObject(key, zip(r, text(3)))
			r.queue.dropsReply = func(n int) bool { return n == 1 }
		},
		deleted, 1, 3, once("objects{counted}"),
	}.run(t)
}

// F09 S3 test event, bare or in an SNS envelope: ignored and deleted.
func TestF09_TestEvent(t *testing.T) {
	for _, body := range []string{testEvent, inSNS(testEvent)} {
		scenario{func(r *rig) { r.queue.send(body) }, deleted, 1, 0, once("objects{ignored}")}.run(t)
	}
}

// F10 message that is no notification: left to the dead-letter queue as `bad_message`, never deleted; its body is logged at debug only, and clipped.
func TestF10_MalformedMessage(t *testing.T) {
	for _, body := range []string{"", "{", "{}", `{"Records":[]}`, strings.Repeat("junk", 64<<10), "\x00\x1b[31m"} {
		scenario{func(r *rig) { r.queue.send(body) }, deadLettered, 3, 0, never(reasonBadMessage)}.run(t, func(r *rig) {
			r.wantLines(zap.ErrorLevel, "a message was left on the queue", 3)
			for _, line := range r.logs.FilterMessage("body of a message that was not understood").All() {
				if shown := line.ContextMap()["body"].(string); line.Level != zap.DebugLevel || len(shown) > 110 || !strings.HasPrefix(body, strings.TrimSuffix(shown, "…")) {
					t.Errorf("%s shows %d bytes of the body, want at most a hundred or so, at debug", line.Level, len(shown))
				}
			}
			for _, line := range r.logs.FilterLevelExact(zap.ErrorLevel).All() {
				if len(body) > 2 && strings.Contains(fmt.Sprint(line.ContextMap()), body) {
					t.Errorf("the body is in %v", line.ContextMap())
				}
			}
		})
	}
}

// F11 deletion, restore, ACL and tagging events: ignored and deleted.
func TestF11_OtherEvents(t *testing.T) {
	for _, name := range []string{"ObjectRemoved:Delete", "ObjectRestore:Completed", "ObjectAcl:Put", "ObjectTagging:Put", "LifecycleExpiration:Delete"} {
		scenario{
			func(r *rig) {
				r.queue.send(message(created(key, r.store.put(key, zip(r, text(3)))).with("eventName", name)))
			},
			deleted, 1, 0, once("objects{ignored}"),
		}.run(t)
	}
}

// F12 notification in an SNS envelope, raw, or from EventBridge: told apart by its members, and counted.
func TestF12_Envelopes(t *testing.T) {
	for name, wrap := range map[string]func(o *fakeObject) string{
		"S3":              func(o *fakeObject) string { return message(created(key, o)) },
		"SNS":             func(o *fakeObject) string { return inSNS(message(created(key, o))) },
		"EventBridge":     func(o *fakeObject) string { return encode(fromEventBridge(key, o)) },
		"EventBridge/SNS": func(o *fakeObject) string { return inSNS(encode(fromEventBridge(key, o))) },
	} {
		t.Run(name, func(t *testing.T) {
			scenario{func(r *rig) { r.queue.send(wrap(r.store.put(key, zip(r, text(3))))) }, deleted, 1, 3, once("objects{counted}")}.run(t)
		})
	}
}

// F13 encoded object key: decoded once; a key that does not decode leaves the message to the dead-letter queue as `bad_key`.
func TestF13_EncodedKey(t *testing.T) {
	for encoded, stored := range map[string]string{"a+b%3D%E2%82%AC": "a b=€", "a%2Bb": "a+b", "a%252Bb": "a%2Bb"} {
		scenario{
			func(r *rig) {
				r.queue.send(message(created("", r.store.put(stored, zip(r, text(3)))).with("key", encoded)))
			},
			deleted, 1, 3, once("objects{counted}"),
		}.run(t)
	}
	scenario{
		func(r *rig) { r.queue.send(message(created(key, r.store.put(key, nil)).with("key", "a%ZZ"))) }, deadLettered, 3, 0, never(reasonBadKey),
	}.run(t)
}

// F14 one object of three fails: the others are counted, once; they are duplicates whenever the message returns.
func TestF14_SecondOfThreeFails(t *testing.T) {
	scenario{
		func(r *rig) {
			good := zip(r, text(3))
			r.queue.send(message(created("a", r.store.put("a", good)), created("b", r.store.put("b", good[:20])), created("c", r.store.put("c", zip(r, text(5))))))
		},
		deadLettered, 3, 8, map[string]float64{
			"sqs_messages_received": 3, "sqs_messages_failed{object}": 3, "object_failures{gzip}": 3, "objects{counted}": 2, "objects{duplicate}": 4,
		},
	}.run(t)
}

// F15 later event version: every 2.x counts, and unknown members are skipped; 3.0 is left to the dead-letter queue as `event_version`.
func TestF15_EventVersion(t *testing.T) {
	send := func(version string) func(r *rig) {
		return func(r *rig) {
			r.queue.send(message(created(key, r.store.put(key, zip(r, text(3)))).with("eventVersion", version).with("novelty", 1)))
		}
	}
	scenario{send("2.6"), deleted, 1, 3, once("objects{counted}")}.run(t)
	scenario{send("3.0"), deadLettered, 3, 0, never(reasonEventVersion)}.run(t)
}

// F16 queue that takes less than 64 KiB: S3 drops long notifications, so flowd warns when it starts.
func TestF16_SmallMaximumMessageSize(t *testing.T) {
	for size, want := range map[int]int{0: 0, 1 << 10: 1, 64<<10 - 1: 1, 64 << 10: 0, 1 << 20: 0} {
		inBubble(t, func(r *rig) {
			r.queue.maxSize = size
			r.runFor(time.Second)
			if got := r.logs.FilterMessageSnippet("MaximumMessageSize").Len(); got != want {
				t.Errorf("%d bytes: got %d warnings, want %d", size, got, want)
			}
		})
	}
}

// F18 old message redriven from the dead-letter queue: a duplicate when the ledger knows its object; otherwise it counts only when the object is
// younger than 28 days, and is left to the dead-letter queue as `too_old` when not.
func TestF18_Redrive(t *testing.T) {
	const day = 24 * time.Hour
	aged := func(age time.Duration, known bool) func(r *rig) {
		return func(r *rig) {
			o := r.store.put(key, zip(r, text(3)))
			o.modified = time.Now().Add(-age)
			if known {
				r.counter.counted[identity(announced(key, o))] = &fakeBatch{records: 3}
			}
			r.queue.send(message(created(key, o).with("eventTime", o.modified.Format(time.RFC3339))))
		}
	}
	scenario{aged(40*day, true), deleted, 1, 3, once("objects{duplicate}")}.run(t)
	scenario{aged(27*day, false), deleted, 1, 3, once("objects{counted}")}.run(t)
	scenario{aged(29*day, false), deadLettered, 3, 0, broken(reasonTooOld)}.run(t)
	scenario{
		func(r *rig) { // Only S3 knows how old it is.
			o := r.store.put(key, zip(r, text(3)))
			o.modified = time.Now().Add(-29 * day)
			r.queue.send(message(created(key, o).without("eventTime")))
		},
		deadLettered, 3, 0, broken(reasonTooOld),
	}.run(t)
	scenario{func(r *rig) { r.cfg.Horizon = day; aged(25*time.Hour, false)(r) }, deadLettered, 3, 0, broken(reasonTooOld)}.run(t)
}

// F19 ten large objects at once: no more messages are received than workers are free, and each is extended from its receive on.
func TestF19_TenLargeObjects(t *testing.T) {
	inBubble(t, func(r *rig) {
		for i := range 10 {
			r.sendSlowly(fmt.Sprint("large-", i), zip(r, text(3)), 55*time.Second)
		}
		r.start()
		most := 0
		for range 120 {
			time.Sleep(time.Second)
			received := 0
			r.queue.mu.Lock()
			for _, m := range r.queue.messages {
				received += len(m.receipts)
			}
			r.queue.mu.Unlock()
			most = max(most, received)
		}
		if most < r.cfg.Workers || most > 2*r.cfg.Workers { // Those of the last second may wait to be deleted.
			t.Errorf("%d messages were received and not deleted, want about the %d workers", most, r.cfg.Workers)
		}
		time.Sleep(time.Hour)
		r.stop()
		r.wantRecords(30)
		if got := r.queue.mostReceived(); got != 1 {
			t.Errorf("a message was received %d times, want once", got)
		}
	})
}

// F20 queue with too many messages in flight: a long poll returns nothing and no error; flowd polls on, without a hot loop, and shows
// `flowd_sqs_queue_messages{state="in_flight"}`.
func TestF20_ReceivesReturnNothing(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.sendObject(key, nil).etag = "x"
		r.queue.messages[0].visible = time.Now().Add(time.Hour)
		r.runFor(10 * time.Minute)
		if got, most := r.queue.calls["ReceiveMessage"], r.cfg.Workers*(10*3+3); got > most {
			t.Errorf("receives in 10 minutes: got %d, want at most %d", got, most)
		}
		if got := r.gauges()["in_flight"]; got != 1 {
			t.Errorf("in flight: got %v, want 1", got)
		}
		r.wantCounters(map[string]float64{})
	})
}

// F21 message that fails again and again: it is hidden for 30 seconds and twice as long each time, never for none.
func TestF21_FailedMessageIsHidden(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.maxReceives = 8
		m := r.queue.send("not a notification")
		r.runFor(3 * time.Hour)
		if len(m.receivedAt) != 8 {
			t.Fatalf("received %d times, want 8", len(m.receivedAt))
		}
		for i := range 7 {
			want := min(releaseBase<<i, releaseMost)
			if got := m.receivedAt[i+1].Sub(m.receivedAt[i]); got < want*8/10 || got > want*13/10+time.Second {
				t.Errorf("pause %d: got %s, want about %s", i, got, want)
			}
		}
	})
}

// F22 message without a receive count: it is taken for the first receive.
func TestF22_NoReceiveCount(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.noCounts = true
		m := r.queue.send("not a notification")
		r.runFor(3 * time.Hour)
		r.wantFate(deadLettered, 3)
		for i := range 2 {
			if got := m.receivedAt[i+1].Sub(m.receivedAt[i]); got > 40*time.Second {
				t.Errorf("pause %d: got %s, want about %s", i, got, releaseBase)
			}
		}
	})
}

// F23 object outside of the buckets and prefixes that may be read: S3 is not asked, and the message is left to the dead-letter queue as `not_allowed`.
func TestF23_ForeignBucket(t *testing.T) {
	for where, change := range map[string]func(e event){
		"another bucket":     func(e event) { e["s3"].(event)["bucket"] = event{"name": "somebody-elses"} },
		"an ARN":             func(e event) { e["s3"].(event)["bucket"] = event{"name": "arn:aws:s3:::" + bucket} },
		"another prefix":     func(e event) { e.with("key", "secrets/a.log.gz") },
		"a prefix with dots": func(e event) { e.with("key", "../AWSLogs/a.log.gz") },
	} {
		t.Run(where, func(t *testing.T) {
			scenario{
				func(r *rig) {
					r.cfg.Prefixes = []string{"AWSLogs/"}
					e := created(key, r.store.put(key, zip(r, text(3))))
					change(e)
					r.queue.send(message(e))
					r.store.fails = func(context.Context, int) error { r.Error("S3 was asked"); return nil }
				},
				deadLettered, 3, 0, never(reasonNotAllowed),
			}.run(t, func(r *rig) {
				if got := r.logs.FilterField(zap.String("reason", reasonNotAllowed)).Len(); got != 3 {
					t.Errorf("it was logged %d times as %s, want at each receive", got, reasonNotAllowed)
				}
			})
		})
	}
}
