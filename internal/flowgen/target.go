package flowgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Bounds of what one [Target] may do to the server that it is pointed at.
const (
	MaxTargetRate     = 1000 // Requests per second.
	MaxTargetWorkers  = 256
	MaxTargetDuration = 24 * time.Hour
	MaxTargetTimeout  = 5 * time.Minute
)

// Target makes HTTP traffic against one server, so that the flow logs of that server have something to show. Every request is a connection,
// and so a flow, of its own. Redirects are not followed and proxies are not used: nothing but the URL's own host is ever spoken to.
type Target struct {
	URL      string        // http or https.
	Method   string        // GET, HEAD or POST without a body.
	Rate     float64       // Requests started per second, at most; fewer when every worker waits for an answer.
	Duration time.Duration // How long requests are started.
	Timeout  time.Duration // Of one request, its body included.
	Workers  int           // Requests in work at once, at most.
	// Progress, if any, is called every second while requests are made, by one goroutine.
	Progress func(TargetTotals)

	transport http.RoundTripper // Of tests; nil is a real one.
}

// Validate says what is wrong with the target, every fault at once. It makes no request.
func (t Target) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	u, err := url.Parse(t.URL)
	check(err == nil && u.Hostname() != "" && (u.Scheme == "http" || u.Scheme == "https"), "target is not an http or https URL")
	check(t.Method == http.MethodGet || t.Method == http.MethodHead || t.Method == http.MethodPost, "method must be GET, HEAD or POST, got %q", t.Method)
	check(t.Rate > 0 && t.Rate <= MaxTargetRate, "rate must be above 0 and at most %d requests per second, got %g", MaxTargetRate, t.Rate)
	check(t.Duration > 0 && t.Duration <= MaxTargetDuration, "duration must be above 0 and at most %s, got %s", MaxTargetDuration, t.Duration)
	check(t.Timeout > 0 && t.Timeout <= MaxTargetTimeout, "timeout must be above 0 and at most %s, got %s", MaxTargetTimeout, t.Timeout)
	check(t.Workers >= 1 && t.Workers <= MaxTargetWorkers, "workers must be between 1 and %d, got %d", MaxTargetWorkers, t.Workers)
	return errors.Join(errs...)
}

// Run makes requests until the duration is over, and lets those in work end. When ctx ends first it drops those in work, which then count
// nowhere. The error is that of [Target.Validate]; what a server answers is no error.
func (t Target) Run(ctx context.Context) (TargetTotals, error) {
	if err := t.Validate(); err != nil {
		return TargetTotals{}, err
	}
	run := &targetRun{Target: t, client: t.client(), totals: newTargetTotals(), begun: time.Now()}
	defer run.client.CloseIdleConnections()
	starting, stop := context.WithTimeout(ctx, t.Duration)
	defer stop()
	// A burst of one: requests that slow answers delayed are not made up for all at once.
	limiter := rate.NewLimiter(rate.Limit(t.Rate), 1)
	var workers, watcher sync.WaitGroup
	for range t.Workers {
		workers.Go(func() {
			for limiter.Wait(starting) == nil {
				run.request(ctx)
			}
		})
	}
	over := make(chan struct{})
	watcher.Go(func() { run.watch(over) })
	workers.Wait()
	close(over)
	watcher.Wait()
	return run.snapshot(), nil
}

func (t Target) client() *http.Client {
	transport := t.transport
	if transport == nil {
		dialer := &net.Dialer{Timeout: t.Timeout}
		transport = &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10}
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// targetRun is one run of a target.
type targetRun struct {
	Target
	client *http.Client
	begun  time.Time

	mu     sync.Mutex // Guards totals.
	totals TargetTotals
}

// request makes one request and counts what became of it.
func (r *targetRun) request(parent context.Context) {
	ctx, cancel := context.WithTimeout(parent, r.Timeout)
	defer cancel()
	begun := time.Now()
	status, n, err := r.exchange(ctx)
	if parent.Err() != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.totals.count(status, n, time.Since(begun), err)
}

// exchange reads the answer to its end; n are the bytes of its body.
func (r *targetRun) exchange(ctx context.Context) (status int, n int64, err error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, http.NoBody)
	if err != nil {
		return 0, 0, err
	}
	request.Header.Set("User-Agent", "flowd-generate")
	response, err := r.client.Do(request)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	n, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, n, err
}

// watch tells Progress every second how far it is, until over is closed.
func (r *targetRun) watch(over <-chan struct{}) {
	if r.Progress == nil {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			r.Progress(r.snapshot())
		}
	}
}

// snapshot copies the totals as they are now.
func (r *targetRun) snapshot() TargetTotals {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.totals.clone(time.Since(r.begun))
}
