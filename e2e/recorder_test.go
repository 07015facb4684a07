package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// recorder stands between flowd and the endpoint and writes down every call.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex
	reads    []string
	writes   []string
	readOnly bool
}

func newRecorder(t *testing.T, endpoint string) *recorder {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	r := new(recorder)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) } // Long polls of a flowd that ends.
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if r.record(callOf(request)) {
			proxy.ServeHTTP(w, request)
			return
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(r.Close)
	return r
}

// callOf names the operation: SQS has it in a header, EC2 and STS in a form, and of S3 the method says enough.
func callOf(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return strings.TrimPrefix(target, "AmazonSQS.")
	}
	if r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		body, _ := io.ReadAll(r.Body) // What is cut short is the endpoint's to refuse.
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		return form.Get("Action")
	}
	return r.Method + " " + r.URL.RequestURI()
}

// record says whether the call may pass. Receiving and deleting messages is what the service is there for, and changes nothing of the set-up.
func (r *recorder) record(call string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if regexp.MustCompile(`^(GET|HEAD) |^(Get|List|Describe|Receive)|^(DeleteMessage|ChangeMessageVisibility)(Batch)?$`).MatchString(call) {
		r.reads = append(r.reads, call)
		return true
	}
	r.writes = append(r.writes, call)
	return !r.readOnly
}

// take returns the calls since the last time. From now on writes are refused, if so.
func (r *recorder) take(readOnly bool) (reads, writes []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	reads, writes = r.reads, r.writes
	r.reads, r.writes, r.readOnly = nil, nil, readOnly
	return reads, writes
}
