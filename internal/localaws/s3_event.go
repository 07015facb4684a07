package localaws

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// mayNotify says whether S3 may send the bucket's events to a queue: the queue's policy decides, and a queue that is encrypted with the key
// that AWS manages takes nothing from S3, because that key's policy cannot be changed.
func (s *Server) mayNotify(b *bucket, q *queue) bool {
	return q != nil && q.attributes["KmsMasterKeyId"] != "alias/aws/sqs" && q.admits("s3.amazonaws.com", bucketARN(b.name), s.cfg.AccountID)
}

// emit sends an event. One that the queue may not have, or that does not fit into it, is lost and nobody hears of it. The caller holds the lock.
func (s *Server) emit(b *bucket, queueARN, event string) {
	if q := s.queueByARN(queueARN); s.mayNotify(b, q) && len(event) <= q.number("MaximumMessageSize") {
		s.send(q, &message{body: event}, nil)
	}
}

// notify sends what S3 would: the rules of a bucket do not overlap, so it is at most one event. The caller holds the lock.
func (s *Server) notify(b *bucket, event, key string, o *object) {
	for i := range b.notify.Queues {
		if d := &b.notify.Queues[i]; d.matches(event, key) {
			s.emit(b, d.Queue, s.event(b, d.ID, event, key, o))
		}
	}
}

func bucketARN(name string) string { return "arn:aws:s3:::" + name }

func testEvent(bucket string) string {
	return mustJSON(map[string]string{
		"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": timestamp(time.Now()), "Bucket": bucket,
		"RequestId": strings.ToUpper(randomID(8)), "HostId": randomID(32),
	})
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// mustJSON is for maps of strings and numbers, which always encode.
func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// event is one event notification.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
func (s *Server) event(b *bucket, configuration, event, key string, o *object) string {
	object := map[string]any{"key": encodeKey(key), "sequencer": fmt.Sprintf("%018X", s.next())}
	if strings.HasPrefix(event, "ObjectCreated:") {
		object["size"], object["eTag"] = len(o.body), strings.Trim(o.etag, `"`)
	}
	if o.version != "" {
		object["versionId"] = o.version
	}
	return mustJSON(map[string]any{"Records": []any{map[string]any{
		"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": s.cfg.Region, "eventTime": timestamp(time.Now()), "eventName": event,
		"userIdentity":      map[string]any{"principalId": "AWS:" + s.cfg.AccountID},
		"requestParameters": map[string]any{"sourceIPAddress": "127.0.0.1"},
		"responseElements":  map[string]any{"x-amz-request-id": strings.ToUpper(randomID(8)), "x-amz-id-2": randomID(32)},
		"s3": map[string]any{
			"s3SchemaVersion": "1.0", "configurationId": configuration,
			"bucket": map[string]any{"name": b.name, "ownerIdentity": map[string]any{"principalId": s.cfg.AccountID}, "arn": bucketARN(b.name)},
			"object": object,
		},
	}}})
}

// encodeKey is how S3 writes keys in events and listings: form-encoded, but for the slashes.
func encodeKey(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }
