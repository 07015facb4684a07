package localaws

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// notificationConfiguration is the part of the document that has an effect here.
type notificationConfiguration struct {
	Queues []queueConfiguration `xml:"QueueConfiguration"`
	Topics []struct{}           `xml:"TopicConfiguration"`
	Lambda []struct{}           `xml:"CloudFunctionConfiguration"`
}

type queueConfiguration struct {
	ID     string   `xml:"Id"`
	Queue  string   `xml:"Queue"`
	Events []string `xml:"Event"`
	Rules  []struct {
		Name, Value string
	} `xml:"Filter>S3Key>FilterRule"`
}

func (c *queueConfiguration) rule(name string) string {
	for _, r := range c.Rules {
		if strings.EqualFold(r.Name, name) {
			if v, err := url.QueryUnescape(r.Value); err == nil {
				return v
			}
		}
	}
	return ""
}

func (c *queueConfiguration) matches(event, key string) bool {
	if !strings.HasPrefix(key, c.rule("prefix")) || !strings.HasSuffix(key, c.rule("suffix")) {
		return false
	}
	for _, e := range c.Events {
		e = strings.TrimPrefix(e, "s3:")
		if e == event || strings.HasSuffix(e, "*") && strings.HasPrefix(event, strings.TrimSuffix(e, "*")) {
			return true
		}
	}
	return false
}

// overlaps says whether one object could match both: then S3 refuses the document.
func (c *queueConfiguration) overlaps(other *queueConfiguration) bool {
	events := false
	for _, a := range c.Events {
		for _, b := range other.Events {
			a, b := strings.TrimSuffix(a, "*"), strings.TrimSuffix(b, "*")
			events = events || strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
		}
	}
	prefixes := strings.HasPrefix(c.rule("prefix"), other.rule("prefix")) || strings.HasPrefix(other.rule("prefix"), c.rule("prefix"))
	suffixes := strings.HasSuffix(c.rule("suffix"), other.rule("suffix")) || strings.HasSuffix(other.rule("suffix"), c.rule("suffix"))
	return events && prefixes && suffixes
}

// putNotification checks the document as S3 does, and sends the test event to every queue in it. The caller holds the lock.
func (s *Server) putNotification(r *http.Request, b *bucket, body []byte) *s3Error {
	var c notificationConfiguration
	if err := xml.Unmarshal(body, &c); err != nil {
		return fault(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed")
	}
	for i := range c.Queues {
		for j := range c.Queues[:i] {
			if c.Queues[i].overlaps(&c.Queues[j]) {
				return fault(http.StatusBadRequest, "InvalidArgument", "Configurations overlap. Configurations on the same bucket cannot share a common event type.")
			}
		}
		q := s.queueByARN(c.Queues[i].Queue)
		if r.Header.Get("x-amz-skip-destination-validation") != "true" && (q == nil || !q.admits("s3.amazonaws.com", bucketARN(b.name), s.cfg.AccountID)) {
			return fault(http.StatusBadRequest, "InvalidArgument", "Unable to validate the following destination configurations")
		}
		if c.Queues[i].ID == "" {
			c.Queues[i].ID = randomID(16)
		}
	}
	b.notify = c
	for i := range c.Queues {
		if q := s.queueByARN(c.Queues[i].Queue); q != nil {
			s.send(q, testEvent(b.name))
		}
	}
	return nil
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

// notify sends what S3 would: at most one event, to the queue of the rule that matches. The caller holds the lock.
func (s *Server) notify(b *bucket, event, key string, o *object) {
	for i := range b.notify.Queues {
		c := &b.notify.Queues[i]
		if q := s.queueByARN(c.Queue); q != nil && c.matches(event, key) {
			s.send(q, s.event(b, c.ID, event, key, o))
		}
	}
}

// event is one event notification. Keys are form-encoded, but for the slashes.
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

func encodeKey(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }
