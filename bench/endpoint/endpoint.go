// Package endpoint is AWS on loopback in this process, which counts the calls that it gets, and the real flowd as a process beside it.
//
// It knows how to set up and launch flowd and how to wait for it. It does not know what is delivered, nor what a call costs.
package endpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"flowd/internal/localaws"
)

const (
	account = "123456789012"
	region  = "us-east-1"
	name    = "flowd-bench" // Of the bucket and of the queue.
)

// Endpoint is an account of AWS with a bucket that notifies a queue. It may be used by any number of goroutines.
type Endpoint struct {
	aws    *localaws.Server
	server *http.Server
	url    string

	mu    sync.Mutex
	calls map[string]int
}

// New serves on loopback until [Endpoint.Close].
func New() (*Endpoint, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on loopback: %w", err)
	}
	e := &Endpoint{url: "http://" + l.Addr().String(), calls: map[string]int{}}
	e.aws = localaws.New(localaws.Config{AccountID: account, Region: region})
	e.server = &http.Server{Handler: http.HandlerFunc(e.count), ReadHeaderTimeout: 10 * time.Second}
	go e.server.Serve(l) // It returns when it is closed.
	return e, nil
}

// Close ends every call that is under way.
func (e *Endpoint) Close() error { return e.server.Close() }

// EmptyReceive is the name of a receive that brought no message: nobody asked for it but a worker that waits.
const EmptyReceive = "SQS ReceiveMessage, empty"

// count counts a call when it is answered.
func (e *Endpoint) count(w http.ResponseWriter, r *http.Request) {
	name, answer := callOf(r), &answer{ResponseWriter: w}
	e.aws.ServeHTTP(answer, r)
	if name == "SQS ReceiveMessage" && !answer.message {
		name = EmptyReceive
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls[name]++
}

// callOf names a call as AWS's bill does: by the operation for SQS, by the verb for S3.
func callOf(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, operation, _ := strings.Cut(target, ".")
		return "SQS " + operation
	}
	return "S3 " + r.Method
}

// answer sees whether there is a message in it.
type answer struct {
	http.ResponseWriter
	message bool
}

func (a *answer) Write(p []byte) (int, error) {
	a.message = a.message || bytes.Contains(p, []byte(`"ReceiptHandle"`))
	return a.ResponseWriter.Write(p)
}

// Calls are those since the last call of Calls, by name.
func (e *Endpoint) Calls() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	calls := maps.Clone(e.calls)
	clear(e.calls)
	return calls
}

// SetUp lets flowd make the bucket and the queues, and forgets the calls that it took.
func (e *Endpoint) SetUp(ctx context.Context, flowd, dir string) error {
	cmd := exec.CommandContext(ctx, flowd, "bootstrap", "--aws.endpoint-url="+e.url, "--aws.region="+region, "--bootstrap.bucket="+name, "--bootstrap.queue="+name)
	cmd.Dir, cmd.Env = dir, environment(dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("setting up: %w\n%s", err, out)
	}
	e.Calls()
	return nil
}

// Deliver puts an object into the bucket, which notifies the queue. The body stays the endpoint's.
func (e *Endpoint) Deliver(ctx context.Context, key string, body []byte) error {
	return e.aws.Deliver(ctx, name, key, body)
}

// Messages is how many the queue has, in flight or not. Looking is no call that counts.
func (e *Endpoint) Messages(ctx context.Context) (sum int, err error) {
	counts := []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"}
	body, err := json.Marshal(map[string]any{"QueueUrl": e.queueURL(), "AttributeNames": counts})
	if err != nil {
		return 0, err
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	r.Header.Set("X-Amz-Target", "AmazonSQS.GetQueueAttributes")
	answer := httptest.NewRecorder()
	if e.aws.ServeHTTP(answer, r); answer.Code != http.StatusOK {
		return 0, fmt.Errorf("looking into the queue: %d %s", answer.Code, answer.Body)
	}
	return sumOf(answer.Body.Bytes(), counts)
}

func sumOf(answer []byte, counts []string) (sum int, err error) {
	var out struct{ Attributes map[string]string }
	if err := json.Unmarshal(answer, &out); err != nil {
		return 0, fmt.Errorf("looking into the queue: %w", err)
	}
	for _, c := range counts {
		n, err := strconv.Atoi(out.Attributes[c])
		if err != nil {
			return 0, fmt.Errorf("attribute %s of the queue: %w", c, err)
		}
		sum += n
	}
	return sum, nil
}

func (e *Endpoint) queueURL() string { return e.url + "/" + account + "/" + name }
