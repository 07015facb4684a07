package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"flowd/e2e/loopback"
	"flowd/internal/localaws"
)

const (
	// name is that of the bucket and of the queue.
	name = "flowd-chaos"
	// redeliverEvery makes one deleted message in twenty come back once.
	redeliverEvery = 20
)

// endpoint is AWS on a bad day. It differs from the in-process endpoint in this: no visibility timeout is longer than a limit, so that what a
// killed flowd held comes back soon and no pause of flowd's own lasts for minutes; calls fail, before or after they took effect; and deletes are
// failpoints.
type endpoint struct {
	*loopback.Account
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
	config := localaws.Config{AccountID: loopback.AccountID, Region: loopback.Region, RedeliverEvery: redeliverEvery}
	return &endpoint{
		Account:    &loopback.Account{AWS: localaws.New(config), Name: name},
		visibility: r.visibility, fail: r.fail, dice: newDice(r.seed, streamFaults), received: make(chan struct{}, 1), fetched: make(chan struct{}, 1),
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
		loopback.LimitVisibility(r, e.visibility)
		e.AWS.ServeHTTP(w, r)
	case "DeleteMessage", "DeleteMessageBatch":
		if e.fires(w, pointBeforeDelete) {
			return
		}
		answer := httptest.NewRecorder()
		e.AWS.ServeHTTP(answer, r)
		if !e.fires(w, pointAfterDelete) {
			send(w, answer)
		}
	default:
		e.AWS.ServeHTTP(w, r)
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
	loopback.LimitVisibility(r, e.visibility)
	answer := httptest.NewRecorder()
	e.AWS.ServeHTTP(answer, r)
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

// fires makes an armed failpoint happen, now and then.
func (e *endpoint) fires(w http.ResponseWriter, point string) bool {
	a := e.armed.Load()
	if a == nil || a.point.name != point || !e.dice.chance(a.odds) {
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
