package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// testEndpoint has one queue, called through its handler: nothing listens.
type testEndpoint struct {
	*endpoint
	t *testing.T
}

func newTestEndpoint(t *testing.T, r round) *testEndpoint {
	t.Helper()
	e := &testEndpoint{newEndpoint(&r), t}
	e.URL = "http://endpoint"
	if err := e.endpoint.Call(t.Context(), "CreateQueue", map[string]any{"QueueName": name}, &struct{}{}); err != nil {
		t.Fatal(err)
	}
	return e
}

// ask makes a call as flowd does, through the faults, and returns status and answer.
func (e *testEndpoint) ask(operation string, in map[string]any) (status int, receipts []string) {
	e.t.Helper()
	in["QueueUrl"] = e.QueueURL(name)
	body, err := json.Marshal(in)
	if err != nil {
		e.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(e.t.Context(), http.MethodPost, e.URL, strings.NewReader(string(body)))
	r.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	var out struct {
		Messages []struct{ ReceiptHandle string }
	}
	_ = json.Unmarshal(w.Body.Bytes(), &out) // A refusal has no body.
	for _, m := range out.Messages {
		receipts = append(receipts, m.ReceiptHandle)
	}
	return w.Code, receipts
}

func (e *testEndpoint) receive() (receipts []string) {
	_, receipts = e.ask("ReceiveMessage", map[string]any{"VisibilityTimeout": 3600, "MessageSystemAttributeNames": []string{"ApproximateReceiveCount"}})
	return receipts
}

func (e *testEndpoint) left() int {
	e.t.Helper()
	n, err := e.Messages(e.t.Context(), name)
	if err != nil {
		e.t.Fatal(err)
	}
	return n
}

func TestNoVisibilityTimeoutIsLongerThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newTestEndpoint(t, round{options: options{visibility: 2}})
		e.ask("SendMessage", map[string]any{"MessageBody": "m"})
		first := e.receive()
		if len(first) != 1 || len(e.receive()) != 0 {
			t.Fatalf("receiving one message twice: got %d the first time, want one message and then none", len(first))
		}
		time.Sleep(time.Second)
		if status, _ := e.ask("ChangeMessageVisibility", map[string]any{"ReceiptHandle": first[0], "VisibilityTimeout": 900}); status != http.StatusOK {
			t.Fatalf("extending: got status %d, want 200", status)
		}
		time.Sleep(1500 * time.Millisecond)
		if n := len(e.receive()); n != 0 {
			t.Errorf("messages 1.5 s after the extension: got %d, want 0", n)
		}
		time.Sleep(time.Second)
		if n := len(e.receive()); n != 1 {
			t.Errorf("messages 2.5 s after an extension by 900 s: got %d, want 1", n)
		}
		if got := e.redelivered.Load(); got != 1 {
			t.Errorf("redelivered messages: got %d, want 1", got)
		}
		select {
		case <-e.received:
		default:
			t.Error("nothing said that messages were given out")
		}
	})
}

func TestFailedCallsTakeEffectNowAndThen(t *testing.T) {
	e := newTestEndpoint(t, round{options: options{seed: 1, fail: 1}})
	const calls = 100
	for range calls {
		if status, _ := e.ask("SendMessage", map[string]any{"MessageBody": "m"}); status != http.StatusServiceUnavailable {
			t.Fatalf("status of a failed call: got %d, want 503", status)
		}
	}
	if n := e.left(); n < calls/4 || n > 3*calls/4 {
		t.Errorf("calls of %d that took effect although they failed: got %d, want about half", calls, n)
	}
	if got := e.failed.Load(); got != calls {
		t.Errorf("failed calls: got %d, want %d", got, calls)
	}
}

func TestFailpointsAboutDeleting(t *testing.T) {
	for _, test := range []struct {
		point point
		left  int
	}{
		{point{pointBeforeDelete, modeError}, 1},
		{point{pointBeforeDelete, modeCrash}, 1},
		{point{pointAfterDelete, modeError}, 0},
		{point{pointAfterDelete, modeCrash}, 0},
		{point{"after-sync", modeCrash}, 0}, // Flowd's own: the endpoint lets the call through.
	} {
		t.Run(test.point.String(), func(t *testing.T) {
			e, kills := newTestEndpoint(t, round{options: options{visibility: 2}}), 0
			e.ask("SendMessage", map[string]any{"MessageBody": "m"})
			receipts := e.receive()
			e.armed.Store(&arming{point: test.point, odds: 1, kill: func() { kills++ }})
			status, aborted := e.delete(receipts)
			crash := test.point.mode == modeCrash && test.point.atEndpoint()
			if aborted != crash || (kills == 1) != crash {
				t.Errorf("got %d kills and a dropped connection: %v, want both: %v", kills, aborted, crash)
			}
			if refused := status == http.StatusServiceUnavailable; refused != (test.point.mode == modeError) {
				t.Errorf("status: got %d", status)
			}
			if n := e.left(); n != test.left {
				t.Errorf("messages that are left: got %d, want %d", n, test.left)
			}
		})
	}
}

// delete says whether the connection was dropped.
func (e *testEndpoint) delete(receipts []string) (status int, aborted bool) {
	e.t.Helper()
	if len(receipts) != 1 {
		e.t.Fatalf("receipts: got %v, want one", receipts)
	}
	defer func() {
		if p := recover(); p != nil {
			err, _ := p.(error)
			aborted = errors.Is(err, http.ErrAbortHandler)
		}
	}()
	status, _ = e.ask("DeleteMessageBatch", map[string]any{"Entries": []map[string]any{{"Id": "0", "ReceiptHandle": receipts[0]}}})
	return status, false
}
