package localaws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// TestServeEndsWithItsContext has a long poll open when the context ends: it must not hold the server for its 20 seconds.
func TestServeEndsWithItsContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, listener, err)
	ctx, stop := context.WithCancel(t.Context())
	polling := make(chan struct{})
	server := New(Config{Intercept: func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("X-Amz-Target") == "AmazonSQS.ReceiveMessage" {
			close(polling)
		}
		return false
	}})
	ended, polled := make(chan error, 1), make(chan struct{})
	go func() { ended <- server.Serve(ctx, listener) }()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	a := newAccount(t, server, client, "http://"+listener.Addr().String())
	q := a.newQueue(t, "flowd")
	go func() {
		defer close(polled)
		if out, err := a.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q, WaitTimeSeconds: 20}); err == nil && len(out.Messages) > 0 {
			t.Errorf("the long poll: got %v of an empty queue", out.Messages)
		}
	}()
	<-polling
	stop()
	if err := <-ended; err != nil {
		t.Errorf("serving: got %v, want no error", err)
	}
	<-polled // An empty answer, or a connection that was closed: either may be first.
}

// TestAClientThatIsGoneTakesNothing gives the message and the end of the client at the same time.
func TestAClientThatIsGoneTakesNothing(t *testing.T) {
	server := New(Config{})
	q := server.newQueue("flowd")
	server.queues[q.name] = q
	server.send(q, &message{body: "x"}, nil)
	gone, stop := context.WithCancel(t.Context())
	stop()
	if out, err := server.receive(gone, &sqsInput{QueueUrl: "http://localhost/123456789012/flowd"}); err != nil || out != struct{}{} {
		t.Errorf("got %v, %v, want nothing", out, err)
	}
	if _, err := server.receive(t.Context(), &sqsInput{QueueUrl: "http://localhost/123456789012/flowd"}); err != nil || q.messages[0].receives != 1 {
		t.Errorf("got %d receives of the message, %v, want 1", q.messages[0].receives, err)
	}
}

func TestServeSaysWhyItCannot(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, listener, err)
	must(t, 0, listener.Close())
	if err := New(Config{}).Serve(t.Context(), listener); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want %v", err, net.ErrClosed)
	}
}

func TestInterceptStandsForFaults(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/k") {
			return false
		}
		writeS3Error(w, r, fault(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate."))
		return true
	}
	overEveryTransport(t, Config{Intercept: slow}, []call{{"the request that is meant fails, the others do not", func(t *testing.T, a *account) {
		withBucket(t, a)
		a.put(t, "k", "text")
		_, _, err := a.get(t, s3.GetObjectInput{Key: aws.String("k")})
		wantCode(t, err, "SlowDown")
		equals(t, "keys", fmt.Sprint(a.keys(t)), "[k]")
	}}})
}

// TestManyClientsAtOnce is for the race detector: every message must be received, and deleted, by one of them.
func TestManyClientsAtOnce(t *testing.T) {
	const clients, each = 8, 10
	overEveryTransport(t, Config{}, []call{{"every event of every client is received once", func(t *testing.T, a *account) {
		queue := withNotifications(t, a, map[string]string{"Policy": fromS3, "VisibilityTimeout": "43200"})
		_, err := a.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: logs, Policy: aws.String(fromDelivery)})
		must(t, 0, err)
		_, err = a.s3.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: logs, NotificationConfiguration: everything()})
		must(t, 0, err)
		a.bodies(t, queue)
		errs := make(chan error, clients*each)
		var group sync.WaitGroup
		for c := range clients {
			group.Go(func() {
				for i := range each {
					errs <- a.deliverAndTakeOne(queue, fmt.Sprintf("my team/AWSLogs/123456789012/%d/%d", c, i))
				}
			})
		}
		group.Wait()
		for range clients * each {
			must(t, 0, <-errs)
		}
		equals(t, "objects", len(a.keys(t)), clients*each)
		equals(t, "messages", a.counts(t, queue), "0 visible, 0 in flight, 0 delayed")
	}}})
}

func (a *account) deliverAndTakeOne(queue *string, key string) error {
	ctx := context.Background()
	if err := a.server.Deliver(ctx, *logs, key, []byte("text")); err != nil {
		return err
	}
	out, err := a.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue, WaitTimeSeconds: 20})
	if err != nil || len(out.Messages) != 1 {
		return fmt.Errorf("received %v: %w", out, err)
	}
	_, err = a.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: out.Messages[0].ReceiptHandle})
	return err
}
