package localaws

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// longPoll receives one message and waits for it, and says what came and how long it took.
func (a *account) longPoll(ctx context.Context, queue *string, seconds int32) (body string, took time.Duration, err error) {
	started := time.Now()
	out, err := a.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue, WaitTimeSeconds: seconds})
	if err == nil && len(out.Messages) > 0 {
		body = *out.Messages[0].Body
	}
	return body, time.Since(started), err
}

// later does something while the test waits for something else. It returns how to wait for that to be done, and have been right.
func later(t *testing.T, d time.Duration, do func() error) (wait func()) {
	done := make(chan error, 1)
	time.AfterFunc(d, func() { done <- do() })
	return func() {
		t.Helper()
		if err := <-done; err != nil {
			t.Errorf("meanwhile: got %v, want no error", err)
		}
	}
}

func TestVisibility(t *testing.T) {
	inVirtualTime(t, Config{}, []call{
		{"a message that was received is hidden for the timeout of the queue, then comes back", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "VisibilityTimeout", "60")
			a.send(t, q, "x")
			a.receiveOne(t, q)
			time.Sleep(59 * time.Second)
			equals(t, "messages after 59 s", len(a.receive(t, q)), 0)
			equals(t, "counts", a.counts(t, q), "0 visible, 1 in flight, 0 delayed")
			time.Sleep(time.Second)
			equals(t, "receives after 60 s", a.receiveOne(t, q).Attributes["ApproximateReceiveCount"], "2")
		}},
		{"a receive may have its own timeout", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			a.send(t, q, "x")
			_, err := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q, VisibilityTimeout: 5})
			must(t, 0, err)
			time.Sleep(5 * time.Second)
			a.receiveOne(t, q)
		}},
		{"a message says when it was sent and first received", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			sent := time.Now()
			a.send(t, q, "x")
			time.Sleep(time.Minute)
			a.receiveOne(t, q)
			time.Sleep(time.Minute)
			m := a.receiveOne(t, q)
			equals(t, "SentTimestamp", m.Attributes["SentTimestamp"], fmt.Sprint(sent.UnixMilli()))
			equals(t, "first receive", m.Attributes["ApproximateFirstReceiveTimestamp"], fmt.Sprint(sent.Add(time.Minute).UnixMilli()))
		}},
		{"hiding a message longer counts from now", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			a.send(t, q, "x")
			m := a.receiveOne(t, q)
			for range 4 {
				time.Sleep(20 * time.Second)
				must(t, 0, a.hide(t, q, m.ReceiptHandle, 30))
			}
			time.Sleep(29 * time.Second)
			equals(t, "messages", len(a.receive(t, q)), 0)
			time.Sleep(time.Second)
			a.receiveOne(t, q)
		}},
		{"a message whose timeout is over is not in flight, and its handle still deletes it", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			a.send(t, q, "x")
			m := a.receiveOne(t, q)
			time.Sleep(30 * time.Second)
			wantCode(t, a.hide(t, q, m.ReceiptHandle, 30), "AWS.SimpleQueueService.MessageNotInflight")
			must(t, 0, a.deleteMessage(t, q, m.ReceiptHandle))
			equals(t, "counts", a.counts(t, q), "0 visible, 0 in flight, 0 delayed")
		}},
		{"the handle of an earlier receive succeeds in deleting nothing, and cannot hide", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			a.send(t, q, "x")
			old := a.receiveOne(t, q)
			time.Sleep(30 * time.Second)
			m := a.receiveOne(t, q)
			must(t, 0, a.deleteMessage(t, q, old.ReceiptHandle))
			wantCode(t, a.hide(t, q, old.ReceiptHandle, 30), "AWS.SimpleQueueService.MessageNotInflight")
			equals(t, "counts", a.counts(t, q), "0 visible, 1 in flight, 0 delayed")
			must(t, 0, a.deleteMessage(t, q, m.ReceiptHandle))
			equals(t, "counts", a.counts(t, q), "0 visible, 0 in flight, 0 delayed")
		}},
		{"nothing stays hidden for more than 12 hours after its receive", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "VisibilityTimeout", "43200")
			a.send(t, q, "x")
			m := a.receiveOne(t, q)
			must(t, 0, a.hide(t, q, m.ReceiptHandle, 43200))
			time.Sleep(11 * time.Hour)
			wantCode(t, a.hide(t, q, m.ReceiptHandle, 3601), "InvalidParameterValue")
			must(t, 0, a.hide(t, q, m.ReceiptHandle, 3600))
			time.Sleep(time.Hour)
			a.receiveOne(t, q)
		}},
	})
}

func TestLongPolls(t *testing.T) {
	inVirtualTime(t, Config{MaxInFlight: 1}, []call{
		{"an empty queue is watched for as long as the request says", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			body, took, err := a.longPoll(t.Context(), q, 20)
			equals(t, "body", must(t, body, err), "")
			equals(t, "time", took, 20*time.Second)
		}},
		{"or as the queue says", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "ReceiveMessageWaitTimeSeconds", "7")
			_, took, err := a.longPoll(t.Context(), q, 0)
			equals(t, "time", must(t, took, err), 7*time.Second)
		}},
		{"a message that is sent ends the wait", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			defer later(t, 3*time.Second, func() error { return a.trySend(q, "x") })()
			body, took, err := a.longPoll(t.Context(), q, 20)
			equals(t, "body", must(t, body, err), "x")
			equals(t, "time", took, 3*time.Second)
		}},
		{"a message that comes back ends the wait, even while its timeout is cut", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "VisibilityTimeout", "10")
			a.send(t, q, "x")
			a.receiveOne(t, q)
			_, took, err := a.longPoll(t.Context(), q, 20)
			equals(t, "time until it comes back", must(t, took, err), 10*time.Second)
			time.Sleep(10 * time.Second)
			m := a.receiveOne(t, q)
			defer later(t, 4*time.Second, func() error { return a.hide(t, q, m.ReceiptHandle, 0) })()
			_, took, err = a.longPoll(t.Context(), q, 20)
			equals(t, "time until it is released", must(t, took, err), 4*time.Second)
		}},
		{"one message ends one of two waits", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "VisibilityTimeout", "60")
			ended := make(chan string, 2)
			for range 2 {
				go func() {
					body, took, err := a.longPoll(t.Context(), q, 20)
					ended <- fmt.Sprint(body, took, err)
				}()
			}
			synctest.Wait()
			a.send(t, q, "x")
			equals(t, "first", <-ended, "x0s <nil>")
			equals(t, "second", <-ended, "20s <nil>")
		}},
		{"a client that goes away ends its wait, and takes no message with it", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, took, err := a.longPoll(ctx, q, 20)
			if !errors.Is(err, context.DeadlineExceeded) || took != 5*time.Second {
				t.Errorf("got %v after %s, want %v after 5s", err, took, context.DeadlineExceeded)
			}
			synctest.Wait()
			a.send(t, q, "x")
			equals(t, "receives", a.receiveOne(t, q).Attributes["ApproximateReceiveCount"], "1")
		}},
		{"a queue that is deleted ends the wait", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			defer later(t, 2*time.Second, func() error {
				_, err := a.sqs.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: q})
				return err
			})()
			_, took, err := a.longPoll(t.Context(), q, 20)
			wantCode(t, err, "AWS.SimpleQueueService.NonExistentQueue")
			equals(t, "time", took, 2*time.Second)
		}},
		{"with too many messages in flight a long poll finds nothing, and goes on when one is deleted", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "VisibilityTimeout", "3600")
			a.send(t, q, "one")
			m := a.receiveOne(t, q)
			a.send(t, q, "two")
			body, took, err := a.longPoll(t.Context(), q, 20)
			equals(t, "body", must(t, body, err), "")
			equals(t, "time", took, 20*time.Second)
			must(t, 0, a.deleteMessage(t, q, m.ReceiptHandle))
			body, _, err = a.longPoll(t.Context(), q, 20)
			equals(t, "body", must(t, body, err), "two")
		}},
	})
}

func TestTimesOfQueues(t *testing.T) {
	inVirtualTime(t, Config{}, []call{
		{"a delay hides a new message, of the queue or its own", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "DelaySeconds", "10")
			a.send(t, q, "slow")
			_, err := a.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("slower"), DelaySeconds: 15})
			must(t, 0, err)
			equals(t, "counts", a.counts(t, q), "0 visible, 0 in flight, 2 delayed")
			body, took, err := a.longPoll(t.Context(), q, 20)
			equals(t, "first", must(t, body, err)+" "+took.String(), "slow 10s")
			body, took, err = a.longPoll(t.Context(), q, 20)
			equals(t, "second", must(t, body, err)+" "+took.String(), "slower 5s")
		}},
		{"a message is gone when its retention is over, also from the counts", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd", "MessageRetentionPeriod", "60")
			a.send(t, q, "x")
			time.Sleep(60 * time.Second)
			equals(t, "after 60 s", a.counts(t, q), "1 visible, 0 in flight, 0 delayed")
			time.Sleep(time.Millisecond)
			equals(t, "after more", a.counts(t, q), "0 visible, 0 in flight, 0 delayed")
			equals(t, "messages", len(a.receive(t, q)), 0)
		}},
		{"a message that was received too often is moved, with its receives and its age", func(t *testing.T, a *account) {
			dead := a.newQueue(t, "dead", "MessageRetentionPeriod", "120")
			q := a.newQueue(t, "flowd", "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":"2"}`)
			sent := time.Now()
			a.send(t, q, "x")
			for range 2 {
				a.receiveOne(t, q)
				time.Sleep(30 * time.Second)
			}
			equals(t, "before the third receive", a.counts(t, dead), "0 visible, 0 in flight, 0 delayed")
			equals(t, "messages of the third receive", len(a.receive(t, q)), 0)
			equals(t, "queue", a.counts(t, q), "0 visible, 0 in flight, 0 delayed")
			m := a.receiveOne(t, dead)
			equals(t, "receives", m.Attributes["ApproximateReceiveCount"], "3")
			equals(t, "sent", m.Attributes["SentTimestamp"], fmt.Sprint(sent.UnixMilli()))
			equals(t, "moved from", m.Attributes["DeadLetterQueueSourceArn"], queueARN)
			time.Sleep(61 * time.Second)
			equals(t, "120 s after it was sent", a.counts(t, dead), "0 visible, 0 in flight, 0 delayed")
		}},
		{"a message that is moved ends a wait at the dead-letter queue", func(t *testing.T, a *account) {
			dead := a.newQueue(t, "dead")
			q := a.newQueue(t, "flowd", "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":1}`)
			a.send(t, q, "x")
			a.receiveOne(t, q)
			defer later(t, 35*time.Second, func() error {
				_, err := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q})
				return err
			})()
			time.Sleep(30 * time.Second)
			body, took, err := a.longPoll(t.Context(), dead, 20)
			equals(t, "body", must(t, body, err), "x")
			equals(t, "time", took, 5*time.Second)
		}},
		{"a name can be used again a minute after its queue was deleted", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			_, err := a.sqs.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: q})
			must(t, 0, err)
			time.Sleep(59 * time.Second)
			_, err = a.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("flowd")})
			wantCode(t, err, "AWS.SimpleQueueService.QueueDeletedRecently")
			time.Sleep(time.Second)
			a.newQueue(t, "flowd")
		}},
		{"a queue can be purged once in a minute", func(t *testing.T, a *account) {
			q := a.newQueue(t, "flowd")
			purge := func() error {
				_, err := a.sqs.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: q})
				return err
			}
			a.send(t, q, "x")
			must(t, 0, purge())
			equals(t, "counts", a.counts(t, q), "0 visible, 0 in flight, 0 delayed")
			wantCode(t, purge(), "AWS.SimpleQueueService.PurgeQueueInProgress")
			time.Sleep(time.Minute)
			must(t, 0, purge())
		}},
		{"a queue says when it was made and changed", func(t *testing.T, a *account) {
			q, made := a.newQueue(t, "flowd"), time.Now()
			time.Sleep(time.Hour)
			must(t, 0, a.set(q, "DelaySeconds", "1"))
			all := a.attributes(t, q, "All")
			equals(t, "made", all["CreatedTimestamp"], fmt.Sprint(made.Unix()))
			equals(t, "changed", all["LastModifiedTimestamp"], fmt.Sprint(made.Add(time.Hour).Unix()))
		}},
		{"without an endpoint of its own, the SDK writes the bucket in front of the host", func(t *testing.T, a *account) {
			withBucket(t, a)
			a.put(t, "a/b", "text")
			body, _, err := a.get(t, s3.GetObjectInput{Key: aws.String("a/b")})
			equals(t, "body", must(t, body, err), "text")
			equals(t, "keys", fmt.Sprint(a.keys(t)), "[a/b]")
		}},
	})
}
