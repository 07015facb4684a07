package ingest

import (
	"context"
	"testing"
	"time"

	"flowd/pkg/parser"
)

const key = "AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/03/01/flow.log.gz"

// TestWhatBecomesOfAMessage is the delete table: for every case where the message is in the end, what was counted, and what moved.
func TestWhatBecomesOfAMessage(t *testing.T) {
	good := zip(t, text(3))
	once := func(m map[string]float64) map[string]float64 {
		m["sqs_messages_received"], m["sqs_messages_deleted"] = 1, 1
		return m
	}
	// never is for a message that fails with the same reason until it is dead.
	never := func(reason string) map[string]float64 {
		return map[string]float64{"sqs_messages_received": 3, "sqs_messages_failed{" + reason + "}": 3}
	}
	broken := func(reason string) map[string]float64 {
		m := never(reasonObject)
		m["object_failures{"+reason+"}"] = 3
		return m
	}
	for name, c := range map[string]struct {
		world    func(r *rig) // Puts objects, sends one message.
		fate     string
		receives int
		records  int
		counters map[string]float64
	}{
		"an object is counted": {
			func(r *rig) { r.sendObject(key, good) },
			deleted, 1, 3, once(map[string]float64{"objects{counted}": 1}),
		},
		"two objects in one message are counted": {
			func(r *rig) {
				r.queue.send(message(created("a", r.store.put("a", good)), created("b", r.store.put("b", zip(r, text(5))))))
			},
			deleted, 1, 8, once(map[string]float64{"objects{counted}": 2}),
		},
		"an object that one message announces twice is counted once": {
			func(r *rig) { o := r.store.put(key, good); r.queue.send(message(created(key, o), created(key, o))) },
			deleted, 1, 3, once(map[string]float64{"objects{counted}": 1, "objects{duplicate}": 1}),
		},
		"an object that was counted before is a duplicate, and is not read": {
			func(r *rig) {
				o := r.sendObject(key, good)
				r.counter.counted[identity(Object{Bucket: bucket, Key: key, ETag: o.etag})] = &fakeBatch{records: 3}
				r.store.fails = func(context.Context, int) error { r.Error("the object was read"); return nil }
			},
			deleted, 1, 3, once(map[string]float64{"objects{duplicate}": 1}),
		},
		"a new version with the same content is a duplicate": {
			func(r *rig) {
				first, second := r.store.put(key, good), r.store.put(key, good)
				r.queue.send(message(created(key, first).with("versionId", first.version), created(key, second).with("versionId", second.version)))
			},
			deleted, 1, 3, once(map[string]float64{"objects{counted}": 1, "objects{duplicate}": 1}),
		},
		"both versions with different content are counted": {
			func(r *rig) {
				first, second := r.store.put(key, good), r.store.put(key, zip(r, text(5)))
				r.queue.send(message(created(key, first).with("versionId", first.version), created(key, second).with("versionId", second.version)))
			},
			deleted, 1, 8, once(map[string]float64{"objects{counted}": 2}),
		},
		"an ETag is no checksum: those of multipart uploads and KMS are taken as they are": {
			func(r *rig) {
				o := r.store.put(key, good)
				o.etag = "0123456789abcdef0123456789abcdef-12"
				r.queue.send(message(created(key, o)))
			},
			deleted, 1, 3, once(map[string]float64{"objects{counted}": 1}),
		},
		"an object that was overwritten is ignored: what replaced it is announced too": {
			func(r *rig) { r.sendObject(key, good); r.store.put(key, zip(r, text(5))) },
			deleted, 1, 0, once(map[string]float64{"objects{ignored}": 1}),
		},
		"an object that was overwritten is ignored by whatever endpoint": {
			func(r *rig) {
				r.sendObject(key, good)
				r.store.put(key, zip(r, text(5)))
				r.store.ignoresMatch = true
			},
			deleted, 1, 0, once(map[string]float64{"objects{ignored}": 1}),
		},
		"without an ETag in the notification that of the answer is the identity": {
			func(r *rig) {
				o := r.store.put(key, good)
				r.counter.counted[identity(Object{Bucket: bucket, Key: key, ETag: o.etag})] = &fakeBatch{records: 3}
				r.queue.send(message(created(key, o).without("eTag")))
			},
			deleted, 1, 3, once(map[string]float64{"objects{duplicate}": 1}),
		},
		"without any ETag an object has no identity and is not counted": {
			func(r *rig) {
				o := r.store.put(key, good)
				o.noETag = true
				r.queue.send(message(created(key, o).without("eTag")))
			},
			deadLettered, 3, 0, broken(reasonGet),
		},
		"a test event is deleted":      {func(r *rig) { r.queue.send(testEvent) }, deleted, 1, 0, once(map[string]float64{"objects{ignored}": 1})},
		"a wrapped test event as well": {func(r *rig) { r.queue.send(inSNS(testEvent)) }, deleted, 1, 0, once(map[string]float64{"objects{ignored}": 1})},
		"a message whose objects are all ignored is deleted": {
			func(r *rig) {
				o := r.store.put(key, good)
				r.queue.send(message(created(key, o).with("eventName", "ObjectRemoved:Delete"), created(key, o).with("eventName", "ObjectRestore:Completed")))
			},
			deleted, 1, 0, once(map[string]float64{"objects{ignored}": 2}),
		},
		"zero bytes are an object without records": {
			func(r *rig) { r.sendObject(key, nil) },
			deleted, 1, 0, once(map[string]float64{"objects{counted}": 1}),
		},
		"what is no notification is left to the dead-letter queue": {
			func(r *rig) { r.queue.send("not JSON") }, deadLettered, 3, 0, never(reasonBadMessage),
		},
		"a key that does not decode as well": {
			func(r *rig) { r.queue.send(message(created(key, r.store.put(key, good)).with("key", "a%ZZ"))) }, deadLettered, 3, 0, never(reasonBadKey),
		},
		"a later structure as well": {
			func(r *rig) { r.queue.send(message(created(key, r.store.put(key, good)).with("eventVersion", "3.0"))) }, deadLettered, 3, 0, never(reasonEventVersion),
		},
		"another bucket is not even asked": {
			func(r *rig) {
				e := created(key, r.store.put(key, good))
				e["s3"].(event)["bucket"] = event{"name": "somebody-elses"}
				r.queue.send(message(e))
				r.store.fails = func(context.Context, int) error { r.Error("the object was read"); return nil }
			},
			deadLettered, 3, 0, never(reasonNotAllowed),
		},
		"a broken object fails its message and counts nothing": {
			func(r *rig) { r.sendObject(key, good[:len(good)-4]) }, deadLettered, 3, 0, broken(reasonGzip),
		},
		"a broken object does not keep its neighbours from being counted, once": {
			func(r *rig) {
				r.queue.send(message(created("a", r.store.put("a", good)), created("b", r.store.put("b", good[:20])), created("c", r.store.put("c", zip(r, text(5))))))
			},
			deadLettered, 3, 8,
			map[string]float64{
				"sqs_messages_received": 3, "sqs_messages_failed{object}": 3, "object_failures{gzip}": 3, "objects{counted}": 2, "objects{duplicate}": 4,
			},
		},
		"S3 that refuses":       {func(r *rig) { r.cfg.ExpectedBucketOwner = "999999999999"; r.sendObject(key, good) }, deadLettered, 3, 0, broken(reasonDenied)},
		"a body without an end": {func(r *rig) { r.cfg.VisibilityTimeout = time.Hour; r.sendObject(key, good).stallAt = 30 }, deadLettered, 3, 0, broken(reasonStalled)},
		"an object that is gone is looked for again, for a minute and more, then it is missing": {
			func(r *rig) { r.sendObject(key, good); r.store.remove(key) },
			deleted, 3, 0,
			map[string]float64{
				"sqs_messages_received": 3, "sqs_messages_deleted": 1, "sqs_messages_failed{object}": 2, "object_failures{not_found}": 2, "objects{missing}": 1,
			},
		},
		"an object that is gone is not given up at the first look, however long the message took until then": {
			func(r *rig) {
				r.cfg.VisibilityTimeout = time.Hour
				gone := r.store.put("b", good)
				r.queue.send(message(created("a", slowly(r.store.put("a", good), 70*time.Second)), created("b", gone)))
				r.store.remove("b")
			},
			deleted, 2, 3,
			map[string]float64{
				"sqs_messages_received": 2, "sqs_messages_deleted": 1, "sqs_messages_failed{object}": 1, "object_failures{not_found}": 1,
				"objects{missing}": 1, "objects{counted}": 1, "objects{duplicate}": 1,
			},
		},
		"an object that appears late is counted": {
			func(r *rig) {
				r.sendObject(key, good)
				r.store.fails = failOnce(apiError("NoSuchKey"))
			},
			deleted, 2, 3, again("object_failures{not_found}"),
		},
		"S3 that is overloaded for a while": {
			func(r *rig) { r.sendObject(key, good); r.store.fails = failOnce(apiError("SlowDown")) },
			deleted, 2, 3, again("object_failures{get}"),
		},
		"a look-up in the ledger that fails": {
			func(r *rig) {
				r.sendObject(key, good)
				r.counter.lookUp = func(n int) error { return map[bool]error{true: errDisk}[n == 1] }
			},
			deleted, 1, 3, // The worker keeps it, and tries again.
			map[string]float64{"sqs_messages_received": 1, "sqs_messages_deleted": 1, "object_failures{ledger}": 1, "objects{counted}": 1},
		},
		"a commit that fails": {
			func(r *rig) {
				r.sendObject(key, good)
				r.counter.commit = func(n int) (*CommitResult, bool) { return &CommitResult{Err: errDisk}, n == 1 }
			},
			deleted, 2, 3, again("object_failures{commit}"),
		},
		"a panic fails its object and no other": {
			func(r *rig) {
				r.queue.send(message(created("a", r.store.put("a", zip(r, text(5)))), created("b", r.store.put("b", good))))
				records := 0
				r.counter.add = func(*parser.Record) {
					if records++; records == 4 {
						panic("a bug")
					}
				}
			},
			deleted, 2, 8,
			map[string]float64{
				"sqs_messages_received": 2, "sqs_messages_deleted": 1, "sqs_messages_failed{object}": 1, "object_failures{panic}": 1,
				"objects{counted}": 2, "objects{duplicate}": 1,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				c.world(r)
				r.runFor(3 * time.Hour)
				r.wantFate(c.fate, c.receives)
				r.wantRecords(c.records)
				r.wantCounters(c.counters)
			})
		})
	}
}

// again is what moves when the first attempt fails and the second counts.
func again(failure string) map[string]float64 {
	return map[string]float64{
		"sqs_messages_received": 2, "sqs_messages_deleted": 1, "sqs_messages_failed{object}": 1, failure: 1, "objects{counted}": 1,
	}
}

func failOnce(err error) func(context.Context, int) error {
	return func(_ context.Context, n int) error {
		if n == 1 {
			return err
		}
		return nil
	}
}
