package flowgen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// server answers in this process, where time is virtual.
type server func(*http.Request) (*http.Response, error)

func (s server) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}
}

func newTarget(s server) Target {
	return Target{URL: "http://target.test/", Method: http.MethodGet, Rate: 5, Duration: time.Minute, Timeout: 10 * time.Second, Workers: 16, transport: s}
}

func runTarget(ctx context.Context, t *testing.T, target Target) TargetTotals {
	t.Helper()
	totals, err := target.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return totals
}

func TestTargetKeepsToRateAndDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newTarget(func(*http.Request) (*http.Response, error) { return answer(200, "hello"), nil })
		target.Duration = time.Minute - time.Millisecond // A request of the last instant may or may not be made.
		totals := runTarget(t.Context(), t, target)
		if want := uint64(300); totals.Requests != want || totals.Answers["2xx"] != want || totals.Succeeded() != want {
			t.Errorf("got %d requests and answers %v, want %d of both", totals.Requests, totals.Answers, want)
		}
		if totals.Bytes != 1500 {
			t.Errorf("got %d bytes, want 1500", totals.Bytes)
		}
		if totals.Elapsed > time.Minute || totals.Elapsed < 59*time.Second {
			t.Errorf("took %s, want a minute less the time of one request", totals.Elapsed)
		}
	})
}

func TestTargetBoundsRequestsInWorkAndLetsThemEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		target := newTarget(func(*http.Request) (*http.Response, error) {
			most.Store(max(most.Load(), now.Add(1)))
			<-time.After(8 * time.Second)
			now.Add(-1)
			return answer(204, ""), nil
		})
		target.Rate, target.Workers = 100, 2
		totals := runTarget(t.Context(), t, target)
		if most.Load() != 2 {
			t.Errorf("got %d requests at once, want 2", most.Load())
		}
		// Two workers with 8 seconds a request start 8 each within the minute; the last ones end after it.
		if totals.Requests != 16 || totals.Elapsed < 64*time.Second {
			t.Errorf("got %d requests in %s, want 16 in a little over 64s", totals.Requests, totals.Elapsed)
		}
		if got := totals.Latency(0.5); got != 8*time.Second {
			t.Errorf("got a median of %s, want 8s", got)
		}
	})
}

// TestTargetDoesNotMakeUpForASlowServer wants no burst after a pause: the server has just shown that it has enough to do.
func TestTargetDoesNotMakeUpForASlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times []time.Duration
		begun := time.Now()
		target := newTarget(func(*http.Request) (*http.Response, error) {
			times = append(times, time.Since(begun))
			if len(times) == 1 {
				<-time.After(5 * time.Second)
			}
			return answer(200, ""), nil
		})
		target.Rate, target.Workers, target.Duration = 1, 1, 8500*time.Millisecond
		runTarget(t.Context(), t, target)
		want := []time.Duration{0, 5 * time.Second, 6 * time.Second, 7 * time.Second, 8 * time.Second}
		if !slices.Equal(times, want) {
			t.Errorf("got requests at %v, want %v", times, want)
		}
	})
}

func TestTargetGivesUpOnARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newTarget(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		target.Rate, target.Workers, target.Duration = 1, 1, 25*time.Second
		totals := runTarget(t.Context(), t, target)
		if totals.Errors["timeout"] != 3 || totals.Requests != 3 || totals.Succeeded() != 0 {
			t.Errorf("got %d requests and errors %v, want 3 timeouts", totals.Requests, totals.Errors)
		}
		if got := totals.Latency(0.99); got != 0 {
			t.Errorf("got a latency of %s without an answer, want 0", got)
		}
	})
}

func TestTargetEndsEarly(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10500*time.Millisecond)
		defer cancel()
		totals := runTarget(ctx, t, newTarget(func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(time.Second):
				return answer(200, ""), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}))
		// Those of the last second were in work, and count nowhere.
		if totals.Requests != 48 || totals.Answers["2xx"] != 48 || totals.Elapsed != 10500*time.Millisecond {
			t.Errorf("got %d requests, answers %v and errors %v in %s, want 48 answers in 10.5s", totals.Requests, totals.Answers, totals.Errors, totals.Elapsed)
		}
	})
}

func TestTargetTellsProgressEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []uint64
		target := newTarget(func(*http.Request) (*http.Response, error) { return answer(503, ""), nil })
		target.Rate, target.Duration = 2, 4400*time.Millisecond
		target.Progress = func(p TargetTotals) {
			told = append(told, p.Answers["5xx"])
			p.Answers["5xx"] = 0 // It is a copy: this changes nothing.
		}
		totals := runTarget(t.Context(), t, target)
		if len(told) != 4 || !slices.IsSorted(told) || told[3] < 8 {
			t.Errorf("got %v, want 4 growing counts", told)
		}
		if totals.Answers["5xx"] != 9 || totals.Succeeded() != 0 {
			t.Errorf("got %v, want 9 failed answers", totals.Answers)
		}
	})
}

func TestTargetCountsBodiesThatBreakOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newTarget(func(*http.Request) (*http.Response, error) {
			r := answer(200, "")
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("half"), failing{io.ErrUnexpectedEOF}))
			return r, nil
		})
		target.Duration = time.Millisecond
		totals := runTarget(t.Context(), t, target)
		if totals.Errors["closed"] != 1 || totals.Bytes != 4 || totals.Succeeded() != 0 {
			t.Errorf("got errors %v, answers %v and %d bytes, want one closed connection and 4 bytes", totals.Errors, totals.Answers, totals.Bytes)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestErrorKinds(t *testing.T) {
	cases := []struct {
		err  error
		want string
	}{
		{&net.DNSError{Err: "no such host", Name: "flowd.invalid", IsNotFound: true}, "dns"},
		{&net.DNSError{Err: "i/o timeout", Name: "flowd.invalid", IsTimeout: true}, "timeout"},
		{os.ErrDeadlineExceeded, "timeout"},
		{syscall.ECONNRESET, "closed"},
		{syscall.EPIPE, "closed"},
		{tls.AlertError(40), "tls"},
		{errors.New("something else"), "other"},
	}
	for _, c := range cases {
		if got := errorKind(fmt.Errorf("asking: %w", c.err)); got != c.want {
			t.Errorf("%v: got %s, want %s", c.err, got, c.want)
		}
	}
}

func TestOnlyAnswersBelow400Succeed(t *testing.T) {
	totals := newTargetTotals()
	for _, status := range []int{100, 204, 304, 404, 503} {
		totals.count(status, 0, time.Second, nil)
	}
	if totals.Succeeded() != 3 || totals.Requests != 5 || len(totals.Answers) != 5 {
		t.Errorf("got %d of %d that succeeded, and classes %v; want 3 of 5", totals.Succeeded(), totals.Requests, totals.Answers)
	}
}

func TestTargetIsValidated(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Target)
		want   string
	}{
		{"a scheme that is not HTTP", func(t *Target) { t.URL = "ftp://target.test/" }, `target is not an http or https URL`},
		{"no host", func(t *Target) { t.URL = "http:///path" }, "is not an http or https URL"},
		{"another method", func(t *Target) { t.Method = "DELETE" }, `method must be GET, HEAD or POST, got "DELETE"`},
		{"no rate", func(t *Target) { t.Rate = 0 }, "rate must be above 0"},
		{"too high a rate", func(t *Target) { t.Rate = 1000.1 }, "at most 1000 requests per second, got 1000.1"},
		{"more than a day", func(t *Target) { t.Duration = 25 * time.Hour }, "duration must be above 0 and at most 24h0m0s, got 25h0m0s"},
		{"no timeout", func(t *Target) { t.Timeout = 0 }, "timeout must be above 0"},
		{"no workers", func(t *Target) { t.Workers = 0 }, "workers must be between 1 and 256, got 0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			target := newTarget(func(*http.Request) (*http.Response, error) { return nil, errors.New("there must be no request") })
			c.change(&target)
			totals, err := target.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || totals.Requests != 0 {
				t.Errorf("got %v after %d requests, want %q and none", err, totals.Requests, c.want)
			}
		})
	}
}
