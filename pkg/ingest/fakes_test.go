package ingest

import (
	"context"
	"errors"
	"io"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// A fake that is wrong makes every test wrong: these hold it to what SQS and S3 document.

// client is a hand on the fake queue.
type client struct {
	*testing.T
	*fakeQueue
}

func onFakeQueue(t *testing.T, maxReceives int, test func(c client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(client{t, newFakeQueue(maxReceives)}) })
}

// receive returns the receipt, or "" when nothing came, and how long it took.
func (c client) receive(visibility, wait int32) (receipt string, count int, took time.Duration) {
	c.Helper()
	began := time.Now()
	out, err := c.ReceiveMessage(c.Context(), &sqs.ReceiveMessageInput{
		MaxNumberOfMessages: 1, VisibilityTimeout: visibility, WaitTimeSeconds: wait,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount},
	})
	if err != nil {
		c.Fatal(err)
	}
	if len(out.Messages) > 0 {
		receipt = *out.Messages[0].ReceiptHandle
		count, _ = strconv.Atoi(out.Messages[0].Attributes["ApproximateReceiveCount"])
	}
	return receipt, count, time.Since(began)
}

func (c client) change(receipt string, seconds int32) error {
	_, err := c.ChangeMessageVisibility(c.Context(), &sqs.ChangeMessageVisibilityInput{ReceiptHandle: &receipt, VisibilityTimeout: seconds})
	return err
}

func (c client) remove(receipts ...string) (failed int, err error) {
	var entries []types.DeleteMessageBatchRequestEntry
	for i, r := range receipts {
		entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(r)})
	}
	out, err := c.DeleteMessageBatch(c.Context(), &sqs.DeleteMessageBatchInput{Entries: entries})
	if err != nil {
		return 0, err
	}
	return len(out.Failed), nil
}

func TestFakeQueueHidesWhatWasReceived(t *testing.T) {
	onFakeQueue(t, 5, func(c client) {
		c.send("a")
		first, count, took := c.receive(30, 0)
		if first == "" || count != 1 || took != 0 {
			t.Fatalf("got %q for the %dth time after %s, want it at once", first, count, took)
		}
		if again, _, took := c.receive(30, 20); again != "" || took != 20*time.Second {
			t.Errorf("while it is hidden: got %q after %s, want nothing for 20s", again, took)
		}
		second, count, took := c.receive(30, 20)
		if second == "" || second == first || count != 2 || took != 10*time.Second {
			t.Errorf("got %q for the %dth time after %s, want another receipt after the 10s that were left", second, count, took)
		}
	})
}

func TestFakeQueueLongPollEndsWhenSomethingIsSent(t *testing.T) {
	onFakeQueue(t, 5, func(c client) {
		time.AfterFunc(7*time.Second, func() { c.send("late") })
		if receipt, _, took := c.receive(30, 20); receipt == "" || took != 7*time.Second {
			t.Errorf("got %q after %s, want it after 7s", receipt, took)
		}
		ctx, cancel := context.WithTimeout(c.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{MaxNumberOfMessages: 1, WaitTimeSeconds: 20})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("got %v after %s, want the end of the context", err, time.Since(began))
		}
	})
}

func TestFakeQueueKnowsReceipts(t *testing.T) {
	onFakeQueue(t, 5, func(c client) {
		c.send("a")
		first, _, _ := c.receive(30, 0)
		if err := c.change(first, 60); err != nil {
			t.Fatal(err)
		}
		if again, _, took := c.receive(30, 20); again != "" || took != 20*time.Second {
			t.Errorf("after it was extended: got %q after %s", again, took)
		}
		time.Sleep(41 * time.Second)
		if err := c.change(first, 60); !isLost(err) {
			t.Errorf("an extension that is too late: got %v", err)
		}
		second, _, _ := c.receive(30, 0)
		if err := c.change(first, 60); !isLost(err) {
			t.Errorf("an extension by an outdated receipt: got %v", err)
		}
		if failed, err := c.remove(first); failed != 0 || err != nil || c.left() != 1 {
			t.Errorf("a delete by an outdated receipt: got %d failed, %v, %d left; want a success that deletes nothing", failed, err, c.left())
		}
		if failed, err := c.remove("nonsense"); failed != 1 || err != nil {
			t.Errorf("a delete by no receipt: got %d failed, %v, want 1", failed, err)
		}
		if err := c.change(second, 0); err != nil {
			t.Fatal(err)
		}
		third, count, took := c.receive(30, 20)
		if count != 3 || took != 0 {
			t.Errorf("after it was released: got it for the %dth time after %s, want at once", count, took)
		}
		time.Sleep(31 * time.Second)
		if failed, err := c.remove(third); failed != 0 || err != nil || c.left() != 0 {
			t.Errorf("a late delete by the latest receipt: got %d failed, %v, %d left; want it deleted", failed, err, c.left())
		}
	})
}

func TestFakeQueueBounds(t *testing.T) {
	onFakeQueue(t, 5, func(c client) {
		c.send("a")
		receipt, _, _ := c.receive(60, 0)
		for range 3 {
			time.Sleep(time.Minute / 2)
			if err := c.change(receipt, 4*3600); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.change(receipt, 12*3600); err == nil {
			t.Error("hidden for more than 12 hours since the receive: got no error")
		}
		if _, err := c.remove(); err == nil {
			t.Error("an empty batch: got no error")
		}
		if _, err := c.remove(make([]string, 11)...); err == nil {
			t.Error("a batch of 11: got no error")
		}
		for _, in := range []*sqs.ReceiveMessageInput{{}, {MaxNumberOfMessages: 11}, {MaxNumberOfMessages: 1, WaitTimeSeconds: 21}, {MaxNumberOfMessages: 1, VisibilityTimeout: 43_201}} {
			if _, err := c.ReceiveMessage(c.Context(), in); err == nil {
				t.Errorf("%+v: got no error", in)
			}
		}
	})
}

func TestFakeQueueMovesToTheDeadLetterQueue(t *testing.T) {
	onFakeQueue(t, 2, func(c client) {
		c.send("a")
		for want := range 2 {
			if _, count, _ := c.receive(1, 20); count != want+1 {
				t.Errorf("receive count: got %d, want %d", count, want+1)
			}
		}
		if receipt, _, _ := c.receive(1, 20); receipt != "" || c.left() != 0 || len(c.dead) != 1 {
			t.Errorf("received twice: got %q, %d left, %d dead; want it moved once the count would pass 2", receipt, c.left(), len(c.dead))
		}
	})
}

func TestFakeQueueFailsOnDemand(t *testing.T) {
	onFakeQueue(t, 2, func(c client) {
		c.send("a")
		c.send("b")
		one, _, _ := c.receive(30, 0)
		two, _, _ := c.receive(30, 0)
		c.refuses = func(entry int) bool { return entry == 1 }
		if failed, err := c.remove(one, two); failed != 1 || err != nil || c.left() != 1 {
			t.Errorf("one entry of two: got %d failed, %v, %d left, want 1 and 1", failed, err, c.left())
		}
		c.fails = func(_ context.Context, call string, n int) error {
			if call == "DeleteMessageBatch" && n == 2 {
				return errDown
			}
			return nil
		}
		if _, err := c.remove(one); !errors.Is(err, errDown) || c.left() != 1 {
			t.Errorf("the call: got %v, %d left, want %v and 1", err, c.left(), errDown)
		}
		if failed, err := c.remove(one); failed != 0 || err != nil || c.left() != 0 {
			t.Errorf("the next call: got %d failed, %v, %d left, want success", failed, err, c.left())
		}
	})
}

func TestFakeS3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeS3()
		first, second := s.put("k", []byte("first")), s.put("k", []byte("second"))
		for name, c := range map[string]struct {
			in   *s3.GetObjectInput
			want string
			code string
		}{
			"the latest version":        {&s3.GetObjectInput{}, "second", ""},
			"a version":                 {&s3.GetObjectInput{VersionId: &first.version}, "first", ""},
			"a version that never was":  {&s3.GetObjectInput{VersionId: aws.String("v9")}, "", reasonNotFound},
			"a match":                   {&s3.GetObjectInput{IfMatch: aws.String(`"` + second.etag + `"`)}, "second", ""},
			"no match":                  {&s3.GetObjectInput{IfMatch: aws.String(`"` + first.etag + `"`)}, "", "overwritten"},
			"a match without quotes":    {&s3.GetObjectInput{IfMatch: &second.etag}, "", "overwritten"},
			"the account that owns it":  {&s3.GetObjectInput{ExpectedBucketOwner: aws.String(owner)}, "second", ""},
			"another account":           {&s3.GetObjectInput{ExpectedBucketOwner: aws.String("999999999999")}, "", reasonDenied},
			"a key that never was":      {&s3.GetObjectInput{Key: aws.String("other")}, "", reasonNotFound},
			"a bucket of somebody else": {&s3.GetObjectInput{Bucket: aws.String("other")}, "", reasonDenied},
		} {
			if c.in.Key == nil {
				c.in.Key = aws.String("k")
			}
			if c.in.Bucket == nil {
				c.in.Bucket = aws.String(bucket)
			}
			out, err := s.GetObject(t.Context(), c.in)
			if c.code != "" {
				if err = getError(t.Context(), &Object{}, err); reasonOf(err, "overwritten") != c.code || err == nil {
					t.Errorf("%s: got %v, want %s", name, err, c.code)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if b, err := io.ReadAll(out.Body); err != nil || string(b) != c.want || *out.ContentLength != int64(len(c.want)) {
				t.Errorf("%s: got %q, %v, %d bytes announced, want %q", name, b, err, *out.ContentLength, c.want)
			}
		}
	})
}

func TestFakeBodies(t *testing.T) {
	for name, c := range map[string]struct {
		fault fakeObject
		want  string
		err   error
		took  time.Duration
	}{
		"whole":                   {fakeObject{}, "0123456789", nil, 0},
		"slow":                    {fakeObject{chunk: 3, pause: time.Second}, "0123456789", nil, 5 * time.Second},
		"cut":                     {fakeObject{cutAt: 4}, "0123", io.ErrUnexpectedEOF, 0},
		"ending early":            {fakeObject{endAt: 4}, "0123", nil, 0},
		"stalling until given up": {fakeObject{stallAt: 4}, "0123", context.DeadlineExceeded, time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeS3()
			o := s.put("k", []byte("0123456789"))
			o.chunk, o.pause, o.cutAt, o.endAt, o.stallAt = c.fault.chunk, c.fault.pause, c.fault.cutAt, c.fault.endAt, c.fault.stallAt
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			out, err := s.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("k")})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(out.Body)
			if string(got) != c.want || !errors.Is(err, c.err) || time.Since(began) != c.took || *out.ContentLength != 10 {
				t.Errorf("%s: got %q, %v after %s, want %q, %v after %s", name, got, err, time.Since(began), c.want, c.err, c.took)
			}
		})
	}
}
