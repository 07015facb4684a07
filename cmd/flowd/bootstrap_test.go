package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"flowd/internal/localaws"
)

// recorder is an AWS account that remembers which calls wrote something.
type recorder struct {
	url    string
	mu     sync.Mutex
	writes []string
	calls  int
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{}
	endpoint := httptest.NewServer(localaws.New(localaws.Config{Intercept: func(_ http.ResponseWriter, request *http.Request) bool {
		r.record(request)
		return false
	}}))
	t.Cleanup(endpoint.Close)
	r.url = endpoint.URL
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none"} {
		t.Setenv(name, value)
	}
	return r
}

func (r *recorder) record(request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	target := request.Header.Get("X-Amz-Target")
	switch {
	case strings.Contains(target, "Create"), strings.Contains(target, "Set"), strings.Contains(target, "Tag"), request.Method == http.MethodPut, request.Method == http.MethodDelete:
		r.writes = append(r.writes, request.Method+" "+request.URL.String()+" "+target)
	case request.Method == http.MethodPost && target == "":
		if err := request.ParseForm(); err == nil && strings.HasPrefix(request.Form.Get("Action"), "Create") {
			r.writes = append(r.writes, request.Form.Get("Action"))
		}
	}
}

func (r *recorder) take() (calls int, writes []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls, writes = r.calls, r.writes
	r.calls, r.writes = 0, nil
	return calls, writes
}

func TestBootstrapCommand(t *testing.T) {
	r := newRecorder(t)
	command := func(args ...string) (string, error) {
		t.Helper()
		var out, progress bytes.Buffer
		err := run(t.Context(), append([]string{"bootstrap", "--aws.endpoint-url=" + r.url, "--bootstrap.resource-id=vpc-0a1b2c3d4e5f60718", "--bootstrap.retention=400d"}, args...), &out, &progress)
		return out.String(), err
	}
	plan, err := command("--dry-run")
	if err != nil {
		t.Fatal(err)
	}
	if calls, writes := r.take(); calls == 0 || len(writes) != 0 {
		t.Errorf("a dry run made %d calls, and wrote %q", calls, writes)
	}
	for _, want := range []string{"flowd-123456789012-us-east-1", "after 400 days", "flow log of vpc-0a1b2c3d4e5f60718"} {
		if !strings.Contains(plan, want) {
			t.Errorf("%q is not in the plan:\n%s", want, plan)
		}
	}
	report, err := command()
	if err != nil {
		t.Fatal(err)
	}
	if _, writes := r.take(); len(writes) < 8 {
		t.Errorf("setting up an empty account wrote only %q", writes)
	}
	for _, want := range []string{"--s3.bucket=flowd-123456789012-us-east-1", `"sqs:ReceiveMessage"`, "Cost"} {
		if !strings.Contains(report, want) {
			t.Errorf("%q is not in the report:\n%s", want, report)
		}
	}
	again, err := command("--output=json")
	if err != nil {
		t.Fatal(err)
	}
	if calls, writes := r.take(); calls == 0 || len(writes) != 0 {
		t.Errorf("a second set-up made %d calls, and wrote %q", calls, writes)
	}
	var got setupJSON
	if err := json.Unmarshal([]byte(again), &got); err != nil || len(got.Plan.Steps) != 0 || len(got.Plan.Found) == 0 || len(got.Result.FlowLogIDs) != 1 {
		t.Errorf("a second set-up: got %s, %v, want no steps and a flow log", again, err)
	}
	if got.Result == nil || !strings.Contains(string(got.Result.RunPolicy), `"sqs:ReceiveMessage"`) || got.Result.CostUSDAMonth.Delivery != 7.5 || !got.Result.CostUSDAMonth.Assumed {
		t.Errorf("a second set-up: got %s, want the policy of the service and what 1 GB a day costs", again)
	}
}

func TestBootstrapMistakesAreOfTheCommandLine(t *testing.T) {
	r := newRecorder(t)
	var out bytes.Buffer
	err := run(t.Context(), []string{"bootstrap", "--aws.endpoint-url=" + r.url, "--bootstrap.resource-id=i-1", "--bootstrap.retention=36h"}, &out, &out)
	var usage usageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), "i-1") || !strings.Contains(err.Error(), "bootstrap.retention") {
		t.Errorf("got %v, want both mistakes", err)
	}
	if calls, _ := r.take(); calls != 0 {
		t.Errorf("%d calls were made before the mistakes were found", calls)
	}
}
