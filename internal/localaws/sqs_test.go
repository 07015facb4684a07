package localaws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// newQueue makes a queue with attributes: pairs of name and value.
func (a *account) newQueue(t *testing.T, name string, attributes ...string) *string {
	t.Helper()
	out, err := a.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: pairs(attributes)})
	return must(t, out, err).QueueUrl
}

func pairs(list []string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}

func (a *account) set(queue *string, attributes ...string) error {
	_, err := a.sqs.SetQueueAttributes(context.Background(), &sqs.SetQueueAttributesInput{QueueUrl: queue, Attributes: pairs(attributes)})
	return err
}

func (a *account) send(t *testing.T, queue *string, body string) {
	t.Helper()
	must(t, 0, a.trySend(queue, body))
}

func (a *account) trySend(queue *string, body string) error {
	_, err := a.sqs.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &body})
	return err
}

// receive is one receive of up to ten messages that does not wait.
func (a *account) receive(t *testing.T, queue *string) []types.Message {
	t.Helper()
	out, err := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: queue, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	return must(t, out, err).Messages
}

func (a *account) receiveOne(t *testing.T, queue *string) types.Message {
	t.Helper()
	messages := a.receive(t, queue)
	if len(messages) != 1 {
		t.Fatalf("got %d messages, want 1", len(messages))
	}
	return messages[0]
}

func (a *account) deleteMessage(t *testing.T, queue, handle *string) error {
	t.Helper()
	_, err := a.sqs.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: handle})
	return err
}

func (a *account) hide(t *testing.T, queue, handle *string, seconds int32) error {
	t.Helper()
	_, err := a.sqs.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: queue, ReceiptHandle: handle, VisibilityTimeout: seconds})
	return err
}

// counts are the messages of a queue: visible, in flight, delayed.
func (a *account) counts(t *testing.T, queue *string) string {
	t.Helper()
	all := a.attributes(t, queue, types.QueueAttributeNameAll)
	return fmt.Sprintf("%s visible, %s in flight, %s delayed", all["ApproximateNumberOfMessages"], all["ApproximateNumberOfMessagesNotVisible"], all["ApproximateNumberOfMessagesDelayed"])
}

func (a *account) attributes(t *testing.T, queue *string, names ...types.QueueAttributeName) map[string]string {
	t.Helper()
	out, err := a.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: queue, AttributeNames: names})
	return must(t, out, err).Attributes
}

func TestQueues(t *testing.T) {
	overEveryTransport(t, Config{}, []call{
		{"a queue is found by name, and its URL is of the scheme in use", func(t *testing.T, a *account) {
			made := a.newQueue(t, "flowd")
			out, err := a.sqs.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("flowd")})
			equals(t, "URL", *must(t, out, err).QueueUrl, *made)
			equals(t, "begins as the endpoint", strings.HasPrefix(*made, a.url+"/123456789012/"), true)
			_, err = a.sqs.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("flowd"), QueueOwnerAWSAccountId: aws.String("999999999999")})
			wantCode(t, err, "AWS.SimpleQueueService.NonExistentQueue")
		}},
		{"a queue that is not there is so for every call, by its typed error", func(t *testing.T, a *account) {
			url := aws.String(a.url + "/123456789012/nonesuch")
			_, receive := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url})
			_, send := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x")})
			_, find := a.sqs.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("nonesuch")})
			mine := a.newQueue(t, "flowd")
			other := a.set(aws.String(strings.Replace(*mine, "123456789012", "999999999999", 1)), "VisibilityTimeout", "1")
			for _, err := range []error{receive, send, find, a.deleteMessage(t, url, aws.String("x")), a.set(url, "VisibilityTimeout", "1"), other} {
				if missing := (*types.QueueDoesNotExist)(nil); !errors.As(err, &missing) {
					t.Errorf("got %v, want QueueDoesNotExist", err)
				}
				wantCode(t, err, "AWS.SimpleQueueService.NonExistentQueue")
			}
			_, err := a.sqs.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: aws.String("flowd")})
			wantCode(t, err, "InvalidAddress")
		}},
		{"making a queue again needs the same attributes", func(t *testing.T, a *account) {
			one := a.newQueue(t, "flowd", "VisibilityTimeout", "60")
			equals(t, "URL", *a.newQueue(t, "flowd"), *one)
			equals(t, "URL", *a.newQueue(t, "flowd", "VisibilityTimeout", "60"), *one)
			_, err := a.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("flowd"), Attributes: map[string]string{"VisibilityTimeout": "61"}})
			wantCode(t, err, "QueueAlreadyExists")
			if typed := (*types.QueueNameExists)(nil); !errors.As(err, &typed) {
				t.Errorf("got %v, want QueueNameExists", err)
			}
		}},
		{"names that are no queue names are refused", func(t *testing.T, a *account) {
			for _, name := range []string{"a.b", strings.Repeat("a", 81), "ü"} {
				_, err := a.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
				wantCode(t, err, "InvalidParameterValue")
			}
			_, err := a.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("a.fifo"), Attributes: map[string]string{"FifoQueue": "true"}})
			wantStatus(t, err, http.StatusNotImplemented)
		}},
		{"attributes are those of SQS at first; what is set changes, the rest stays", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "DelaySeconds", "5")
			must(t, 0, a.set(q, "VisibilityTimeout", "60", "Policy", fromS3))
			must(t, 0, a.set(q, "Policy", ""))
			all := a.attributes(t, q, types.QueueAttributeNameAll)
			for name, want := range map[string]string{
				"DelaySeconds": "5", "VisibilityTimeout": "60", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
				"QueueArn": queueARN, "SqsManagedSseEnabled": "true", "Policy": "",
			} {
				equals(t, name, all[name], want)
			}
			equals(t, "attributes when one is asked for", fmt.Sprint(a.attributes(t, q, "QueueArn", "Policy")), "map[QueueArn:"+queueARN+"]")
			equals(t, "attributes when none is asked for", len(a.attributes(t, q)), 0)
			_, err := a.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: q, AttributeNames: []types.QueueAttributeName{"Nonesuch"}})
			wantCode(t, err, "InvalidAttributeName")
		}},
		{"attributes outside their range are refused, and with them the whole call", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			for name, values := range map[string][]string{
				"DelaySeconds": {"-1", "901", "x"}, "MaximumMessageSize": {"1023", "1048577"}, "MessageRetentionPeriod": {"59", "1209601"}, "ReceiveMessageWaitTimeSeconds": {"21"},
				"VisibilityTimeout": {"-1", "43201"}, "Policy": {"{", `{"Statement":[]}`, fromS3 + strings.Repeat(" ", maxQueuePolicy)}, "RedriveAllowPolicy": {"x"}, "SqsManagedSseEnabled": {"perhaps"},
			} {
				for _, value := range values {
					wantCode(t, a.set(q, name, value), "InvalidAttributeValue")
				}
			}
			wantCode(t, a.set(q, "QueueArn", "x"), "InvalidAttributeName")
			wantCode(t, a.set(q, "VisibilityTimeout", "1", "DelaySeconds", "901"), "InvalidAttributeValue")
			equals(t, "visibility timeout", a.attributes(t, q, "VisibilityTimeout")["VisibilityTimeout"], "30")
			must(t, 0, a.set(q, "KmsMasterKeyId", "alias/mine"))
			equals(t, "SSE-SQS beside a key", a.attributes(t, q, "SqsManagedSseEnabled")["SqsManagedSseEnabled"], "false")
		}},
		{"a redrive policy needs a dead-letter queue that takes it, and a count", func(t *testing.T, a *account) {
			q, dead := a.newQueue(t, "flowd"), a.newQueue(t, "dead")
			to := func(name, count string) string {
				return fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:%s","maxReceiveCount":%s}`, name, count)
			}
			for _, policy := range []string{"{", to("nonesuch", "3"), to("dead", "0"), to("dead", "1001"), to("dead", `"x"`)} {
				wantCode(t, a.set(q, "RedrivePolicy", policy), "InvalidParameterValue")
			}
			for _, policy := range []string{to("dead", "3"), to("dead", `"3"`), ""} {
				must(t, 0, a.set(q, "RedrivePolicy", policy))
			}
			must(t, 0, a.set(dead, "RedriveAllowPolicy", `{"redrivePermission":"denyAll"}`))
			wantCode(t, a.set(q, "RedrivePolicy", to("dead", "3")), "InvalidParameterValue")
			must(t, 0, a.set(dead, "RedriveAllowPolicy", `{"redrivePermission":"byQueue","sourceQueueArns":["`+queueARN+`"]}`))
			must(t, 0, a.set(q, "RedrivePolicy", to("dead", "3")))
		}},
		{"queues are listed by prefix, and in pages when that is asked for", func(t *testing.T, a *account) {
			for _, name := range []string{"b", "flowd-2", "flowd-1", "flowd-3"} {
				a.newQueue(t, name)
			}
			names := func(in *sqs.ListQueuesInput) string {
				var all []string
				for p := sqs.NewListQueuesPaginator(a.sqs, in); p.HasMorePages(); all = append(all, "|") {
					page, err := p.NextPage(t.Context())
					for _, url := range must(t, page, err).QueueUrls {
						all = append(all, url[strings.LastIndex(url, "/")+1:])
					}
				}
				return strings.Join(all, " ")
			}
			equals(t, "all", names(&sqs.ListQueuesInput{}), "b flowd-1 flowd-2 flowd-3 |")
			equals(t, "pages", names(&sqs.ListQueuesInput{QueueNamePrefix: aws.String("flowd"), MaxResults: aws.Int32(2)}), "flowd-1 flowd-2 | flowd-3 |")
		}},
		{"tags are kept", func(t *testing.T, a *account) {
			out, err := a.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("flowd"), Tags: map[string]string{"team": "blue", "a": "1"}})
			q := must(t, out, err).QueueUrl
			_, err = a.sqs.TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: q, Tags: map[string]string{"b": "2"}})
			must(t, 0, err)
			_, err = a.sqs.UntagQueue(t.Context(), &sqs.UntagQueueInput{QueueUrl: q, TagKeys: []string{"a"}})
			must(t, 0, err)
			tags, err := a.sqs.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: q})
			equals(t, "tags", fmt.Sprint(must(t, tags, err).Tags), "map[b:2 team:blue]")
		}},
		{"a call or a member that is not understood is answered 501", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			_, err := a.sqs.ListMessageMoveTasks(t.Context(), &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(queueARN)})
			wantStatus(t, err, http.StatusNotImplemented)
			_, err = a.sqs.ListDeadLetterSourceQueues(t.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: q})
			wantStatus(t, err, http.StatusNotImplemented)
			_, err = a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("x"), MessageGroupId: aws.String("tenant")})
			wantStatus(t, err, http.StatusNotImplemented)
			equals(t, "messages", a.counts(t, q), "0 visible, 0 in flight, 0 delayed")
			equals(t, "no JSON", a.raw(t, "POST", "/", "no JSON", "X-Amz-Target", "AmazonSQS.ListQueues"), http.StatusBadRequest)
		}},
	})
}

func TestMessages(t *testing.T) {
	overEveryTransport(t, Config{MaxInFlight: 3}, []call{
		{"a message is received as it was sent, with what was asked for", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			sent, err := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("grün <&> \t"), MessageAttributes: map[string]types.MessageAttributeValue{
				"trace.id": {DataType: aws.String("String"), StringValue: aws.String("1-2")}, "trace.raw": {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1}}, "n": {DataType: aws.String("Number"), StringValue: aws.String("5")},
			}})
			must(t, sent, err)
			for _, c := range []struct {
				names string
				want  int
			}{{"", 0}, {"All", 3}, {".*", 3}, {"trace.*", 2}, {"n", 1}, {"nonesuch", 0}} {
				out, err := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q, VisibilityTimeout: 0, MessageAttributeNames: strings.Fields(c.names)})
				m := must(t, out, err).Messages[0]
				equals(t, "body", *m.Body, "grün <&> \t")
				equals(t, "ID", *m.MessageId, *sent.MessageId)
				equals(t, "system attributes", len(m.Attributes), 0)
				equals(t, c.names, len(m.MessageAttributes), c.want)
				if c.want == 3 {
					equals(t, "MD5 of the attributes", *m.MD5OfMessageAttributes, *sent.MD5OfMessageAttributes)
					equals(t, "binary", string(m.MessageAttributes["trace.raw"].BinaryValue), "\x00\x01")
				}
				must(t, 0, a.hide(t, q, m.ReceiptHandle, 0))
			}
		}},
		{"the MD5 of attributes is the documented one", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			sent, err := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{
				"name": {DataType: aws.String("String"), StringValue: aws.String("value")},
			}})
			equals(t, "MD5", *must(t, sent, err).MD5OfMessageAttributes, md5Of([]byte("\x00\x00\x00\x04name\x00\x00\x00\x06String\x01\x00\x00\x00\x05value")))
		}},
		{"a message that is too long, empty, or no XML is refused", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "MaximumMessageSize", "1024")
			attribute := map[string]types.MessageAttributeValue{"name": {DataType: aws.String("String"), StringValue: aws.String("value")}}
			bad := map[string]types.MessageAttributeValue{"name": {DataType: aws.String("Text"), StringValue: aws.String("value")}}
			for _, c := range []struct {
				in   sqs.SendMessageInput
				code string
			}{
				{sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 1024))}, ""},
				{sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 1025))}, "InvalidParameterValue"},
				{sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 1010)), MessageAttributes: attribute}, "InvalidParameterValue"},
				{sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: bad}, "InvalidParameterValue"},
				{sqs.SendMessageInput{MessageBody: aws.String("x"), DelaySeconds: 901}, "InvalidParameterValue"},
				{sqs.SendMessageInput{MessageBody: aws.String("")}, "MissingParameter"},
				{sqs.SendMessageInput{MessageBody: aws.String("a\x00")}, "InvalidMessageContents"},
			} {
				c.in.QueueUrl = q
				if _, err := a.sqs.SendMessage(t.Context(), &c.in); c.code == "" {
					must(t, 0, err)
				} else {
					wantCode(t, err, c.code)
				}
			}
			equals(t, "messages", a.counts(t, q), "1 visible, 0 in flight, 0 delayed")
		}},
		{"a receive outside the ranges is refused", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			for _, in := range []sqs.ReceiveMessageInput{{MaxNumberOfMessages: 11}, {MaxNumberOfMessages: -1}, {WaitTimeSeconds: 21}, {VisibilityTimeout: 43201}} {
				in.QueueUrl = q
				_, err := a.sqs.ReceiveMessage(t.Context(), &in)
				wantCode(t, err, "InvalidParameterValue")
			}
		}},
		{"no more than ten messages come at once, and no more than the limit are in flight", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			for range 5 {
				a.send(t, q, "x")
			}
			equals(t, "received", len(a.receive(t, q)), 3)
			_, err := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q})
			if limit := (*types.OverLimit)(nil); !errors.As(err, &limit) {
				t.Errorf("a short poll: got %v, want OverLimit", err)
			}
			equals(t, "counts", a.counts(t, q), "2 visible, 3 in flight, 0 delayed")
		}},
		{"handles that are not of this queue are refused", func(t *testing.T, a *account) {
			q, other := a.newQueue(t, "flowd"), a.newQueue(t, "other")
			a.send(t, q, "x")
			m := a.receiveOne(t, q)
			for _, err := range []error{
				a.deleteMessage(t, q, aws.String("nonsense")), a.hide(t, q, aws.String("bm9uc2Vuc2U"), 1), a.deleteMessage(t, other, m.ReceiptHandle),
			} {
				wantCode(t, err, "ReceiptHandleIsInvalid")
			}
			for _, timeout := range []int32{-1, 43201} {
				wantCode(t, a.hide(t, q, m.ReceiptHandle, timeout), "InvalidParameterValue")
			}
		}},
		{"a deleted message is gone, and deleting it again is no error", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			a.send(t, q, "x")
			m := a.receiveOne(t, q)
			must(t, 0, a.deleteMessage(t, q, m.ReceiptHandle))
			must(t, 0, a.deleteMessage(t, q, m.ReceiptHandle))
			wantCode(t, a.hide(t, q, m.ReceiptHandle, 10), "InvalidParameterValue")
			equals(t, "counts", a.counts(t, q), "0 visible, 0 in flight, 0 delayed")
		}},
	})
}

func TestRedelivery(t *testing.T) {
	overEveryTransport(t, Config{RedeliverEvery: 2}, []call{
		{"every second delete lets the message come back once", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			for range 4 {
				a.send(t, q, "x")
			}
			received := 0
			for messages := a.receive(t, q); len(messages) > 0; messages = a.receive(t, q) {
				for _, m := range messages {
					received++
					must(t, 0, a.deleteMessage(t, q, m.ReceiptHandle))
				}
			}
			equals(t, "receives of four messages", received, 7) // 4, of which 2 come back, of which 1 does.
		}},
	})
}

func TestBatches(t *testing.T) {
	send := func(a *account, q *string, bodies ...string) (*sqs.SendMessageBatchOutput, error) {
		in := &sqs.SendMessageBatchInput{QueueUrl: q, Entries: []types.SendMessageBatchRequestEntry{}}
		for i, body := range bodies {
			in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint("entry-", i)), MessageBody: aws.String(body)})
		}
		return a.sqs.SendMessageBatch(context.Background(), in)
	}
	overEveryTransport(t, Config{}, []call{
		{"every entry has its own outcome", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "MaximumMessageSize", "1024")
			out, err := send(a, q, "one", strings.Repeat("x", 1025), "three")
			equals(t, "sent", len(must(t, out, err).Successful), 2)
			equals(t, "failed", *out.Failed[0].Id+" "+*out.Failed[0].Code+fmt.Sprint(out.Failed[0].SenderFault), "entry-1 InvalidParameterValuetrue")

			messages := a.receive(t, q)
			hidden, err := a.sqs.ChangeMessageVisibilityBatch(t.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: q, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
				{Id: aws.String("a"), ReceiptHandle: messages[0].ReceiptHandle, VisibilityTimeout: 0}, {Id: aws.String("b"), ReceiptHandle: messages[1].ReceiptHandle, VisibilityTimeout: 99},
				{Id: aws.String("c"), ReceiptHandle: aws.String("nonsense"), VisibilityTimeout: 1},
			}})
			equals(t, "changed", len(must(t, hidden, err).Successful), 2)
			equals(t, "not changed", *hidden.Failed[0].Code, "ReceiptHandleIsInvalid")
			equals(t, "counts", a.counts(t, q), "1 visible, 1 in flight, 0 delayed")

			deleted, err := a.sqs.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: q, Entries: []types.DeleteMessageBatchRequestEntry{
				{Id: aws.String("a"), ReceiptHandle: messages[0].ReceiptHandle}, {Id: aws.String("b"), ReceiptHandle: messages[1].ReceiptHandle}, {Id: aws.String("c"), ReceiptHandle: aws.String("nonsense")},
			}})
			equals(t, "deleted", len(must(t, deleted, err).Successful), 2)
			equals(t, "not deleted", *deleted.Failed[0].Id+" "+*deleted.Failed[0].Code, "c ReceiptHandleIsInvalid")
			equals(t, "counts", a.counts(t, q), "0 visible, 0 in flight, 0 delayed")
		}},
		{"a batch that is none is refused whole", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			_, err := send(a, q)
			wantCode(t, err, "AWS.SimpleQueueService.EmptyBatchRequest")
			_, err = send(a, q, strings.Split("12345678901", "")...)
			wantCode(t, err, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
			_, err = send(a, q, strings.Repeat("x", 600<<10), strings.Repeat("x", 600<<10))
			wantCode(t, err, "AWS.SimpleQueueService.BatchRequestTooLong")
			same := func(one, two string) error {
				_, err := a.sqs.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: q, Entries: []types.DeleteMessageBatchRequestEntry{
					{Id: &one, ReceiptHandle: aws.String("x")}, {Id: &two, ReceiptHandle: aws.String("x")},
				}})
				return err
			}
			wantCode(t, same("a", "a"), "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
			wantCode(t, same("a", "a b"), "AWS.SimpleQueueService.InvalidBatchEntryId")
			wantCode(t, same("a", strings.Repeat("b", 81)), "AWS.SimpleQueueService.InvalidBatchEntryId")
			equals(t, "counts", a.counts(t, q), "0 visible, 0 in flight, 0 delayed")
		}},
	})
}
