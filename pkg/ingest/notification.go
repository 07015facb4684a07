package ingest

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// body is every message body that flowd understands, told apart by the members that are there.
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html,
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
type body struct {
	Records []s3Event `json:"Records"`
	Event   string    `json:"Event"` // s3:TestEvent

	Type    string  `json:"Type"` // SNS
	Topic   string  `json:"TopicArn"`
	Message *string `json:"Message"`

	DetailType string            `json:"detail-type"` // EventBridge
	Source     string            `json:"source"`
	Time       time.Time         `json:"time"`
	Detail     eventBridgeDetail `json:"detail"`
}

type s3Event struct {
	EventVersion string    `json:"eventVersion"`
	EventSource  string    `json:"eventSource"`
	EventName    string    `json:"eventName"`
	EventTime    time.Time `json:"eventTime"`
	S3           struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"`
			Size      *int64 `json:"size"`
			ETag      string `json:"eTag"`
			VersionID string `json:"versionId"`
		} `json:"object"`
	} `json:"s3"`
}

type eventBridgeDetail struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key       string `json:"key"`
		Size      *int64 `json:"size"`
		ETag      string `json:"etag"`
		VersionID string `json:"version-id"`
	} `json:"object"`
}

// notification is what a message announces. Ignored counts announcements that have nothing to count: test events, deletions, restores.
type notification struct {
	objects []Object
	ignored int
}

// maxBody is the longest body that is read, in bytes. An S3 event has at most 64 KiB, which an envelope may double by escaping; SQS itself takes
// 1 MiB, which could be made to announce a third of a million objects.
const maxBody = 256 << 10

// parseNotification reads a message body. An error has a reason; the message should be left to the dead-letter queue, because what it says is
// not known, and deleting it would lose an object.
func parseNotification(text string) (notification, error) {
	const mayWrap = true // Once: an envelope inside an envelope is nothing that AWS sends.
	return parseBody(text, mayWrap)
}

func parseBody(text string, mayWrap bool) (notification, error) {
	if len(text) > maxBody {
		return notification{}, failed(reasonBadMessage, "reading the message body: it has %d bytes, more than %d", len(text), maxBody)
	}
	var b body
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return notification{}, failed(reasonBadMessage, "reading the message body: %w", err)
	}
	if err := unambiguous(json.NewDecoder(strings.NewReader(text))); err != nil {
		return notification{}, failed(reasonBadMessage, "reading the message body: %w", err)
	}
	switch {
	case b.DetailType != "" && b.Source != "":
		return b.eventBridge()
	case b.Type == "Notification" && b.Topic != "" && b.Message != nil && mayWrap:
		return parseBody(*b.Message, false)
	case b.Event == "s3:TestEvent":
		return notification{ignored: 1}, nil
	case b.Records != nil:
		return b.s3Events()
	}
	return notification{}, failed(reasonBadMessage, "reading the message body: it is neither an S3 event, nor an SNS or EventBridge envelope of one")
}

func (b *body) s3Events() (n notification, err error) {
	if len(b.Records) == 0 {
		return n, failed(reasonBadMessage, "reading the S3 event: it has no records")
	}
	for i := range b.Records {
		if err := n.add(&b.Records[i]); err != nil {
			return notification{}, err
		}
	}
	return n, nil
}

func (n *notification) add(e *s3Event) error {
	if e.EventSource != "aws:s3" {
		return failed(reasonBadMessage, "reading the S3 event: its source is %q", clip(e.EventSource))
	}
	major, _, _ := strings.Cut(e.EventVersion, ".")
	if v, err := strconv.Atoi(major); err != nil || v != 2 {
		return failed(reasonEventVersion, "reading the S3 event: version %q is not 2.x", clip(e.EventVersion))
	}
	// Amazon leaves the "s3:" out here, and others do not.
	switch name := strings.TrimPrefix(e.EventName, "s3:"); {
	case name == "":
		return failed(reasonBadMessage, "reading the S3 event: it has no name")
	case !strings.HasPrefix(name, "ObjectCreated:"):
		n.ignored++
		return nil
	}
	key, err := url.QueryUnescape(e.S3.Object.Key)
	if err != nil {
		return failed(reasonBadKey, "decoding the object key: %w", err)
	}
	o := Object{
		Bucket: e.S3.Bucket.Name, Key: key, ETag: unquote(e.S3.Object.ETag), VersionID: e.S3.Object.VersionID,
		Size: sizeOf(e.S3.Object.Size), EventTime: e.EventTime,
	}
	return n.addObject(o)
}

// eventBridge takes the key as it is, and remembers the decoded one: AWS does not say which it sends.
func (b *body) eventBridge() (n notification, err error) {
	if b.Source != "aws.s3" {
		return n, failed(reasonBadMessage, "reading the EventBridge event: its source is %q", clip(b.Source))
	}
	if b.DetailType != "Object Created" {
		return notification{ignored: 1}, nil
	}
	o := Object{
		Bucket: b.Detail.Bucket.Name, Key: b.Detail.Object.Key, ETag: unquote(b.Detail.Object.ETag), VersionID: b.Detail.Object.VersionID,
		Size: sizeOf(b.Detail.Object.Size), EventTime: b.Time,
	}
	if decoded, err := url.QueryUnescape(o.Key); err == nil && decoded != o.Key {
		o.otherKey = decoded
	}
	err = n.addObject(o)
	return n, err
}

func (n *notification) addObject(o Object) error {
	if o.Bucket == "" || o.Key == "" {
		return failed(reasonBadMessage, "reading the event: it names no bucket or no key")
	}
	n.objects = append(n.objects, o)
	return nil
}

func sizeOf(size *int64) int64 {
	if size == nil {
		return -1
	}
	return *size
}

func unquote(etag string) string { return strings.Trim(etag, `"`) }
