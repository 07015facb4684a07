package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"flowd/internal/localaws"
)

const (
	account    = "123456789012"
	region     = "us-east-1"
	bucketName = "flowd-soak"
	queueName  = "flowd-soak"
	deadName   = queueName + "-dead-letter"
	// redeliverEvery makes one deleted message in fifty come back once, as a standard queue may.
	redeliverEvery = 50
)

// endpoint is AWS on loopback. No visibility timeout is longer than a limit, so that flowd's pauses of minutes pass sooner.
type endpoint struct {
	aws        *localaws.Server
	url        string
	server     *http.Server
	visibility int // Seconds.
}

// newEndpoint serves until close.
func newEndpoint(visibility int) (*endpoint, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on loopback: %w", err)
	}
	e := &endpoint{url: "http://" + l.Addr().String(), visibility: visibility}
	e.aws = localaws.New(localaws.Config{AccountID: account, Region: region, RedeliverEvery: redeliverEvery, Intercept: e.limit})
	e.server = &http.Server{Handler: e.aws, ReadHeaderTimeout: 10 * time.Second}
	go e.server.Serve(l) // It returns when it is closed.
	return e, nil
}

func (e *endpoint) close() { _ = e.server.Close() }

// limit lowers the visibility timeout that a request asks for. It answers nothing itself; what does not parse is left to the endpoint to refuse.
func (e *endpoint) limit(_ http.ResponseWriter, r *http.Request) (answered bool) {
	if r.Header.Get("X-Amz-Target") != "AmazonSQS.ChangeMessageVisibility" {
		return false
	}
	body, _ := io.ReadAll(r.Body)
	var in map[string]any
	if json.Unmarshal(body, &in) == nil {
		if asked, ok := in["VisibilityTimeout"].(float64); ok {
			in["VisibilityTimeout"] = min(int(asked), e.visibility)
		}
		body, _ = json.Marshal(in) // It was JSON before.
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return false
}

func (e *endpoint) queueURL(name string) string { return e.url + "/" + account + "/" + name }

// setUp lets flowd make the bucket and the queues, and says how often a message may be received.
func (e *endpoint) setUp(ctx context.Context, flowd, dir string, receives int) error {
	cmd := exec.CommandContext(ctx, flowd, "bootstrap", "--aws.endpoint-url="+e.url, "--aws.region="+region, "--bootstrap.bucket="+bucketName, "--bootstrap.queue="+queueName)
	cmd.Dir, cmd.Env = dir, environment(dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("setting up: %w\n%s", err, out)
	}
	policy := fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:%s:%s","maxReceiveCount":%d}`, region, account, deadName, receives)
	return e.call(ctx, "SetQueueAttributes", map[string]any{"QueueUrl": e.queueURL(queueName), "Attributes": map[string]string{"RedrivePolicy": policy}}, &struct{}{})
}

// call makes a call of SQS.
func (e *endpoint) call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	r.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	answer := httptest.NewRecorder()
	if e.aws.ServeHTTP(answer, r); answer.Code != http.StatusOK {
		return fmt.Errorf("%s: %d %s", operation, answer.Code, answer.Body)
	}
	return json.Unmarshal(answer.Body.Bytes(), out)
}

// messages is how many a queue has, in flight or not.
func (e *endpoint) messages(ctx context.Context, name string) (sum int, err error) {
	var out struct{ Attributes map[string]string }
	counts := []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"}
	if err := e.call(ctx, "GetQueueAttributes", map[string]any{"QueueUrl": e.queueURL(name), "AttributeNames": counts}, &out); err != nil {
		return 0, err
	}
	for _, c := range counts {
		n, err := strconv.Atoi(out.Attributes[c])
		if err != nil {
			return 0, fmt.Errorf("attribute %s of %s: %w", c, name, err)
		}
		sum += n
	}
	return sum, nil
}

// deadLetters takes every message from the dead-letter queue, and returns the keys that they name, sorted.
func (e *endpoint) deadLetters(ctx context.Context) (keys []string, err error) {
	for {
		var out struct{ Messages []struct{ Body string } }
		in := map[string]any{"QueueUrl": e.queueURL(deadName), "MaxNumberOfMessages": 10, "VisibilityTimeout": 3600}
		if err := e.call(ctx, "ReceiveMessage", in, &out); err != nil {
			return nil, err
		}
		if len(out.Messages) == 0 {
			slices.Sort(keys)
			return keys, nil
		}
		for _, m := range out.Messages {
			key, err := keyOf(m.Body)
			if err != nil {
				return nil, err
			}
			keys = append(keys, key)
		}
	}
}

// keyOf is the key of the one object that a notification announces.
func keyOf(notification string) (string, error) {
	var n struct {
		Records []struct {
			S3 struct{ Object struct{ Key string } }
		}
	}
	if err := json.Unmarshal([]byte(notification), &n); err != nil || len(n.Records) != 1 {
		return "", fmt.Errorf("reading a dead letter: %d objects, %w: %s", len(n.Records), err, notification)
	}
	return url.QueryUnescape(n.Records[0].S3.Object.Key)
}
