package localaws

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const (
	queueARN = "arn:aws:sqs:us-east-1:123456789012:flowd"
	fromS3   = `{"Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"SQS:SendMessage","Resource":"` + queueARN + `",
		"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*:*:flow-logs"},"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}`
	fromDelivery = `{"Statement":[
		{"Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::flow-logs/my team/AWSLogs/123456789012/*",
		 "Condition":{"StringEquals":{"aws:SourceAccount":"123456789012","s3:x-amz-acl":"bucket-owner-full-control"},"ArnLike":{"aws:SourceArn":"arn:aws:logs:us-east-1:123456789012:*"}}},
		{"Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::flow-logs"}]}`
)

// withNotifications makes the bucket, and the queue with attributes, and returns the queue's URL.
func withNotifications(t *testing.T, a *account, attributes map[string]string) *string {
	t.Helper()
	withBucket(t, a)
	out, err := a.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("flowd"), Attributes: attributes})
	return must(t, out, err).QueueUrl
}

func toQueue(id, prefix, suffix string, events ...s3types.Event) s3types.QueueConfiguration {
	c := s3types.QueueConfiguration{QueueArn: aws.String(queueARN), Events: events}
	if id != "" {
		c.Id = &id
	}
	if prefix+suffix != "" {
		c.Filter = &s3types.NotificationConfigurationFilter{Key: &s3types.S3KeyFilter{FilterRules: []s3types.FilterRule{{Name: "prefix", Value: &prefix}, {Name: "suffix", Value: &suffix}}}}
	}
	return c
}

func (a *account) announce(t *testing.T, c s3types.NotificationConfiguration) error {
	t.Helper()
	_, err := a.s3.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: logs, NotificationConfiguration: &c})
	return err
}

// bodies takes every message off a queue.
func (a *account) bodies(t *testing.T, queue *string) []string {
	t.Helper()
	bodies := []string{}
	for {
		out, err := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue, MaxNumberOfMessages: 10})
		if len(must(t, out, err).Messages) == 0 {
			return bodies
		}
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
			must(t, 0, a.deleteMessage(t, queue, m.ReceiptHandle))
		}
	}
}

// announced are the events of a queue, each as its name, key and version.
func (a *account) announced(t *testing.T, queue *string) string {
	t.Helper()
	var all []string
	for _, body := range a.bodies(t, queue) {
		var event struct {
			Event   string
			Records []struct {
				EventName string
				S3        struct {
					ConfigurationID string
					Object          struct {
						Key, ETag, VersionID string
						Size                 int
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(body), &event); err != nil {
			t.Fatalf("the event does not parse: %v\n%s", err, body)
		}
		if event.Event != "" {
			all = append(all, event.Event)
		}
		for _, r := range event.Records {
			all = append(all, fmt.Sprintf("%s %s of %s, %d bytes, ETag %.4s, versioned %t", r.S3.ConfigurationID, r.EventName, r.S3.Object.Key, r.S3.Object.Size, r.S3.Object.ETag, r.S3.Object.VersionID != ""))
		}
	}
	return strings.Join(all, "\n")
}

func TestNotifications(t *testing.T) {
	created, removed := s3types.Event("s3:ObjectCreated:*"), s3types.Event("s3:ObjectRemoved:*")
	admitted := map[string]string{"Policy": fromS3}
	document := func(queues ...s3types.QueueConfiguration) s3types.NotificationConfiguration {
		return s3types.NotificationConfiguration{QueueConfigurations: queues}
	}
	overEveryTransport(t, Config{}, []call{
		{"a document is tested by an event, and then what matches it is announced", func(t *testing.T, a *account) {
			queue := withNotifications(t, a, admitted)
			must(t, 0, a.announce(t, document(toQueue("mine", "my+team/", ".gz", created), toQueue("gone", "", "", removed))))
			equals(t, "after the document", a.announced(t, queue), "s3:TestEvent")
			a.put(t, "my team/year=2026/ü+1.gz", "text")
			equals(t, "after an object", a.announced(t, queue), "mine ObjectCreated:Put of my+team/year%3D2026/%C3%BC%2B1.gz, 4 bytes, ETag 1cb2, versioned false")
			a.put(t, "my team/a.txt", "text")
			a.put(t, "k", "text")
			equals(t, "after what does not match", a.announced(t, queue), "")
			a.remove(t, nil)
			equals(t, "after a delete", a.announced(t, queue), "gone ObjectRemoved:Delete of k, 0 bytes, ETag , versioned false")
		}},
		{"versions and delete markers are announced as such", func(t *testing.T, a *account) {
			queue := withNotifications(t, a, admitted)
			a.setVersioning(t, s3types.BucketVersioningStatusEnabled)
			must(t, 0, a.announce(t, document(toQueue("all", "", "", created, removed))))
			a.put(t, "k", "text")
			a.remove(t, nil)
			m := a.start(t, "")
			m.part(t, 1, []byte("text"), "")
			must(t, 0, m.complete(t, m.done...))
			equals(t, "events", a.announced(t, queue), strings.Join([]string{
				"s3:TestEvent", "all ObjectCreated:Put of k, 4 bytes, ETag 1cb2, versioned true", "all ObjectRemoved:DeleteMarkerCreated of k, 0 bytes, ETag , versioned true",
				"all ObjectCreated:CompleteMultipartUpload of k, 4 bytes, ETag " + fmt.Sprintf("%.4s", strings.Trim(a.server.buckets[*logs].current("k").etag, `"`)) + ", versioned true",
			}, "\n"))
		}},
		{"the document comes back with IDs, and with what is for others", func(t *testing.T, a *account) {
			withNotifications(t, a, admitted)
			must(t, 0, a.announce(t, s3types.NotificationConfiguration{
				QueueConfigurations: []s3types.QueueConfiguration{toQueue("", "a/", ".gz", created)},
				TopicConfigurations: []s3types.TopicConfiguration{{Id: aws.String("theirs"), TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:t"), Events: []s3types.Event{removed}}},
				LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{
					{Id: aws.String("function"), LambdaFunctionArn: aws.String("arn:aws:lambda:us-east-1:123456789012:function:f"), Events: []s3types.Event{"s3:ObjectRestore:*"}},
				},
				EventBridgeConfiguration: &s3types.EventBridgeConfiguration{},
			}))
			out, err := a.s3.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: logs})
			c := must(t, out, err).QueueConfigurations[0]
			equals(t, "an ID was made", aws.ToString(c.Id) != "", true)
			equals(t, "filter", *c.Filter.Key.FilterRules[1].Value, ".gz")
			equals(t, "queue", *c.QueueArn, queueARN)
			equals(t, "topic", *out.TopicConfigurations[0].TopicArn, "arn:aws:sns:us-east-1:123456789012:t")
			equals(t, "function", *out.LambdaFunctionConfigurations[0].Id, "function")
			equals(t, "event bridge", out.EventBridgeConfiguration != nil, true)
			must(t, 0, a.announce(t, document()))
			out, err = a.s3.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: logs})
			equals(t, "entries of an empty document", len(must(t, out, err).QueueConfigurations), 0)
		}},
		{"entries that one event could match are refused", func(t *testing.T, a *account) {
			withNotifications(t, a, admitted)
			for _, c := range []struct {
				name     string
				one, two s3types.QueueConfiguration
				ok       bool
			}{
				{"no filters", toQueue("1", "", "", created), toQueue("2", "", "", created), false},
				{"one prefix begins the other", toQueue("1", "a/", "", created), toQueue("2", "a/b", "", "s3:ObjectCreated:Put"), false},
				{"one suffix ends the other", toQueue("1", "", ".gz", created), toQueue("2", "", ".log.gz", created), false},
				{"the same ID", toQueue("1", "a/", "", created), toQueue("1", "b/", "", created), false},
				{"other events", toQueue("1", "", "", created), toQueue("2", "", "", removed), true},
				{"other events of one kind", toQueue("1", "", "", "s3:ObjectCreated:Put"), toQueue("2", "", "", "s3:ObjectCreated:Copy"), true},
				{"other prefixes", toQueue("1", "a/", "", created), toQueue("2", "b/", "", created), true},
				{"other suffixes", toQueue("1", "a/", ".gz", created), toQueue("2", "a/", ".parquet", created), true},
			} {
				if err := a.announce(t, document(c.one, c.two)); c.ok {
					equals(t, c.name, err, nil)
				} else {
					wantCode(t, err, "InvalidArgument")
				}
			}
			topic := s3types.NotificationConfiguration{
				QueueConfigurations: []s3types.QueueConfiguration{toQueue("1", "", "", created)},
				TopicConfigurations: []s3types.TopicConfiguration{{TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:t"), Events: []s3types.Event{created}}},
			}
			wantCode(t, a.announce(t, topic), "InvalidArgument")
		}},
		{"an entry that S3 does not understand is refused", func(t *testing.T, a *account) {
			withNotifications(t, a, admitted)
			twice := toQueue("1", "a", "b", created)
			twice.Filter.Key.FilterRules[1].Name = "Prefix"
			regular := toQueue("1", "a", "b", created)
			regular.Filter.Key.FilterRules[1].Name = "regexp"
			for name, c := range map[string]s3types.QueueConfiguration{
				"event": toQueue("1", "", "", "s3:ObjectRead:*"), "two prefixes": twice, "rule": regular, "long": toQueue("1", strings.Repeat("a", 1025), "", created),
			} {
				if err := a.announce(t, document(c)); err == nil {
					t.Errorf("%s: got no error, want one", name)
				}
			}
		}},
		{"a queue that does not admit S3 is refused, unless it is not to be looked at; then it gets nothing", func(t *testing.T, a *account) {
			queue := withNotifications(t, a, map[string]string{"Policy": strings.ReplaceAll(fromS3, ":flow-logs", ":other-logs")})
			c := document(toQueue("1", "", "", created))
			wantCode(t, a.announce(t, c), "InvalidArgument")
			_, err := a.s3.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: logs, NotificationConfiguration: &c, SkipDestinationValidation: aws.Bool(true)})
			must(t, 0, err)
			a.put(t, "k", "text")
			equals(t, "events", a.announced(t, queue), "")
			_, err = a.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: queue, Attributes: admitted})
			must(t, 0, err)
			a.put(t, "k", "text")
			equals(t, "events after the policy came", a.announced(t, queue), "1 ObjectCreated:Put of k, 4 bytes, ETag 1cb2, versioned false")
		}},
		{"a queue that is not there, or is encrypted with AWS's key, is refused", func(t *testing.T, a *account) {
			withNotifications(t, a, map[string]string{"Policy": fromS3, "KmsMasterKeyId": "alias/aws/sqs"})
			wantCode(t, a.announce(t, document(toQueue("1", "", "", created))), "InvalidArgument")
			c := toQueue("1", "", "", created)
			c.QueueArn = aws.String(queueARN + "-nonesuch")
			wantCode(t, a.announce(t, document(c)), "InvalidArgument")
		}},
		{"an event that does not fit into the queue is lost", func(t *testing.T, a *account) {
			queue := withNotifications(t, a, map[string]string{"Policy": fromS3, "MaximumMessageSize": "1024"})
			must(t, 0, a.announce(t, document(toQueue("1", "", "", created))))
			a.put(t, strings.Repeat("k", 900), "text")
			equals(t, "events", a.announced(t, queue), "s3:TestEvent")
		}},
	})
}

func TestDelivery(t *testing.T) {
	key := "my team/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/11/24/x=1.log.gz"
	overEveryTransport(t, Config{}, []call{
		{"the delivery service is denied without a policy, and admitted with one, under its prefix only", func(t *testing.T, a *account) {
			queue := withNotifications(t, a, map[string]string{"Policy": fromS3})
			must(t, 0, a.announce(t, s3types.NotificationConfiguration{QueueConfigurations: []s3types.QueueConfiguration{toQueue("flowd", "my+team/", "", "s3:ObjectCreated:*")}}))
			a.bodies(t, queue)
			if err := a.server.Deliver(t.Context(), *logs, key, []byte("text")); !errors.Is(err, ErrDenied) {
				t.Errorf("without a policy: got %v, want %v", err, ErrDenied)
			}
			_, err := a.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: logs, Policy: aws.String(fromDelivery)})
			must(t, 0, err)
			if err := a.server.Deliver(t.Context(), *logs, "AWSLogs/x", []byte("text")); !errors.Is(err, ErrDenied) {
				t.Errorf("outside the prefix: got %v, want %v", err, ErrDenied)
			}
			equals(t, "events of what was denied", a.announced(t, queue), "")
			must(t, 0, a.server.Deliver(t.Context(), *logs, key, []byte("text")))
			equals(t, "events", a.announced(t, queue), "flowd ObjectCreated:Put of my+team/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/11/24/x%3D1.log.gz, 4 bytes, ETag 1cb2, versioned false")
			body, _, err := a.get(t, s3.GetObjectInput{Key: &key})
			equals(t, "body", must(t, body, err), "text")
		}},
		{"the key of the event leads back to the object", func(t *testing.T, a *account) {
			for _, k := range []string{"a/b c", "a+b", "100%", "ü/=&?#", "%2F"} {
				back, err := url.QueryUnescape(encodeKey(k))
				equals(t, "key", must(t, back, err), k)
			}
		}},
		{"a bucket that is not there is an error", func(t *testing.T, a *account) {
			if err := a.server.Deliver(t.Context(), "nonesuch", key, nil); err == nil || errors.Is(err, ErrDenied) {
				t.Errorf("got %v, want an error that is not %v", err, ErrDenied)
			}
		}},
	})
}

// everything is a document that announces every new object to the queue.
func everything() *s3types.NotificationConfiguration {
	return &s3types.NotificationConfiguration{QueueConfigurations: []s3types.QueueConfiguration{toQueue("flowd", "", "", "s3:ObjectCreated:*")}}
}
