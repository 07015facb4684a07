package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// traffic points the command at a server for as long as some requests take.
func traffic(t *testing.T, url string, more ...string) (stdout string, err error) {
	t.Helper()
	return flowd(t.Context(), append([]string{"generate", "--target", url, "--rate=200", "--duration=50ms"}, more...)...)
}

func TestGenerateMakesTraffic(t *testing.T) {
	var paths atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/health" {
			paths.Add(1)
		}
		io.WriteString(w, "hello")
	}))
	defer server.Close()
	text, err := traffic(t, server.URL+"/health", "--method=POST", "--output=json")
	if err != nil {
		t.Fatal(err)
	}
	var got trafficReport
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if got.Requests == 0 || got.Requests != got.Answers["2xx"] || int64(got.Requests) != paths.Load() || got.Bytes != 5*got.Requests {
		t.Errorf("got %+v, and the server saw %d", got, paths.Load())
	}
	if got.URL != server.URL+"/health" || got.LatencySeconds["p50"] <= 0 || got.LatencySeconds["p99"] < got.LatencySeconds["p50"] || got.DurationSeconds <= 0 {
		t.Errorf("got %+v, want the URL, a duration, and latencies in order", got)
	}
}

func TestGenerateTrafficEndsWithTotals(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	text, err := traffic(t, strings.Replace(server.URL, "http://", "http://user:hidden@", 1))
	var told toldError
	if err == nil || errors.As(err, &usageError{}) || errors.As(err, &told) || !strings.Contains(err.Error(), "was answered with a status below 400") {
		t.Errorf("got %v, want a failure: every answer was 404", err)
	}
	for _, want := range []string{"target", "answers   4xx ", "errors    none", "latency", "/s"} {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%s\nwant %q in it", text, want)
		}
	}
	if strings.Contains(text+err.Error(), "hidden") {
		t.Errorf("the password is shown:\n%s%v", text, err)
	}
}

func TestGenerateTrafficIsBounded(t *testing.T) {
	const url = "http://127.0.0.1:1/"
	wantUsage(t, `--target is not an http or https URL`, "generate", "--target=127.0.0.1:1")
	wantUsage(t, "rate must be above 0 and at most 1000", "generate", "--target", url, "--rate=1001")
	wantUsage(t, "workers must be between 1 and 256", "generate", "--target", url, "--workers=0")
	wantUsage(t, "duration must be above 0 and at most 24h0m0s", "generate", "--target", url, "--duration=25h")
	wantUsage(t, "method", "generate", "--target", url, "--method=DELETE")
	t.Setenv("FLOWD_DURATION", "2h")
	wantUsage(t, "duration must be at most 1h0m0s unless it is set on the command line, got 2h0m0s (set by environment variable FLOWD_DURATION)", "generate", "--target", url)
}
