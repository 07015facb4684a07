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
	"strings"
	"sync/atomic"
	"time"

	"flowd/internal/localaws"
)

const (
	account = "123456789012"
	region  = "us-east-1"
	// redeliverEvery makes one deleted message in twenty come back once.
	redeliverEvery = 20
)

// endpoint is AWS on a bad day. It differs from the in-process endpoint in this: no visibility timeout is longer than a limit, so that what a
// killed flowd held comes back soon and no pause of flowd's own lasts for minutes; calls fail, before or after they took effect; and deletes are
// failpoints.
type endpoint struct {
	aws        *localaws.Server
	url        string
	server     *http.Server
	visibility int // Seconds.
	fail       float64
	calm       atomic.Bool // No call fails.
	dice       *dice
	received   chan struct{} // Gets a value when messages were given out.
	fetched    chan struct{} // Gets a value when an object was read: its commit follows.
	armed      atomic.Pointer[arming]

	redelivered, failed atomic.Int64 // Messages that were received before; calls that were failed.
}

// arming is a failpoint about deleting.
type arming struct {
	point point
	odds  float64
	kill  func() // Ends flowd.
	hits  atomic.Int64
}

func newEndpoint(r *round) *endpoint {
	return &endpoint{
		aws:        localaws.New(localaws.Config{AccountID: account, Region: region, RedeliverEvery: redeliverEvery}),
		visibility: r.visibility, fail: r.fail, dice: newDice(r.seed, streamFaults), received: make(chan struct{}, 1), fetched: make(chan struct{}, 1),
	}
}

// listen serves on loopback until close.
func (e *endpoint) listen() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening on loopback: %w", err)
	}
	e.url = "http://" + l.Addr().String()
	e.server = &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second}
	go e.server.Serve(l) // It returns when it is closed.
	return nil
}

func (e *endpoint) close() {
	if e.server != nil {
		_ = e.server.Close()
	}
}

// ServeHTTP fails some calls, and hands the others on.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	if !e.calm.Load() && e.dice.chance(e.fail) {
		e.failed.Add(1)
		if e.dice.chance(0.5) {
			e.serve(httptest.NewRecorder(), r, operation) // It takes effect, and nobody hears of it.
		}
		refuse(w)
		return
	}
	e.serve(w, r, operation)
}

func refuse(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }

func (e *endpoint) serve(w http.ResponseWriter, r *http.Request, operation string) {
	switch operation {
	case "ReceiveMessage":
		e.receive(w, r)
	case "ChangeMessageVisibility", "ChangeMessageVisibilityBatch":
		e.limit(r)
		e.aws.ServeHTTP(w, r)
	case "DeleteMessage", "DeleteMessageBatch":
		if e.fires(w, pointBeforeDelete) {
			return
		}
		answer := httptest.NewRecorder()
		e.aws.ServeHTTP(answer, r)
		if !e.fires(w, pointAfterDelete) {
			send(w, answer)
		}
	default:
		e.aws.ServeHTTP(w, r)
		if r.Method == http.MethodGet {
			tell(e.fetched)
		}
	}
}

// tell does not wait: one value stands for many.
func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// forget drops a signal that was not looked at.
func forget(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// receive says when messages were given out, and counts those that were given out before.
func (e *endpoint) receive(w http.ResponseWriter, r *http.Request) {
	e.limit(r)
	answer := httptest.NewRecorder()
	e.aws.ServeHTTP(answer, r)
	var out struct {
		Messages []struct{ Attributes map[string]string }
	}
	if json.Unmarshal(answer.Body.Bytes(), &out) == nil && len(out.Messages) > 0 {
		for _, m := range out.Messages {
			if m.Attributes["ApproximateReceiveCount"] != "1" {
				e.redelivered.Add(1)
			}
		}
		tell(e.received)
	}
	send(w, answer)
}

func send(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // Whoever asked may have been killed.
}

// limit lowers the visibility timeouts of a request. What does not parse is left to the endpoint to refuse.
func (e *endpoint) limit(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var in map[string]any
	if json.Unmarshal(body, &in) == nil {
		e.lower(in)
		entries, _ := in["Entries"].([]any)
		for _, entry := range entries {
			if m, ok := entry.(map[string]any); ok {
				e.lower(m)
			}
		}
		body, _ = json.Marshal(in) // It was JSON before.
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

func (e *endpoint) lower(m map[string]any) {
	if asked, ok := m["VisibilityTimeout"].(float64); ok {
		m["VisibilityTimeout"] = min(int(asked), e.visibility)
	}
}

// fires makes an armed failpoint happen, now and then.
func (e *endpoint) fires(w http.ResponseWriter, name string) bool {
	a := e.armed.Load()
	if a == nil || a.point.name != name || !e.dice.chance(a.odds) {
		return false
	}
	a.hits.Add(1)
	if a.point.mode == modeCrash {
		a.kill()
		panic(http.ErrAbortHandler) // Drops the connection.
	}
	refuse(w)
	return true
}

// call makes a call of SQS past all faults.
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
