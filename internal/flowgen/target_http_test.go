package flowgen

import (
	"io"
	"log"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// aFew makes some real requests over loopback.
func aFew(t *testing.T, url string) TargetTotals {
	t.Helper()
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	return runTarget(t.Context(), t, Target{URL: url, Method: http.MethodGet, Rate: MaxTargetRate, Duration: 50 * time.Millisecond, Timeout: 10 * time.Second, Workers: 4})
}

func TestTargetDoesNotFollowRedirects(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer server.Close()
	totals := aFew(t, server.URL)
	if totals.Answers["3xx"] == 0 || totals.Answers["3xx"] != totals.Requests || elsewhere.Load() != 0 {
		t.Errorf("got %d requests, answers %v, and %d requests elsewhere; want redirects only, and none elsewhere", totals.Requests, totals.Answers, elsewhere.Load())
	}
}

// TestTargetIgnoresProxies would otherwise speak to another host than the one that was given.
func TestTargetIgnoresProxies(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	if transport := (Target{}).client().Transport.(*http.Transport); transport.Proxy != nil {
		t.Error("there is a proxy, want none")
	}
}

func TestTargetOpensAConnectionForEveryRequest(t *testing.T) {
	var connections, requests atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		io.WriteString(w, r.UserAgent())
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	totals := aFew(t, server.URL)
	if totals.Requests == 0 || connections.Load() != int64(totals.Requests) || requests.Load() != int64(totals.Requests) {
		t.Errorf("got %d connections and %d requests at the server, want %d of both", connections.Load(), requests.Load(), totals.Requests)
	}
	if want := totals.Requests * uint64(len("flowd-generate")); totals.Bytes != want {
		t.Errorf("got %d bytes, want %d", totals.Bytes, want)
	}
}

func TestTargetTellsErrorsApart(t *testing.T) {
	secret := httptest.NewUnstartedServer(http.NotFoundHandler())
	secret.Config.ErrorLog = log.New(io.Discard, "", 0)
	secret.StartTLS() // Its certificate is signed by nobody.
	defer secret.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	rude := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer rude.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cases := []struct{ name, url, kind string }{
		{"a certificate that is not trusted", secret.URL, "tls"},
		{"a server that speaks no TLS", "https" + plain.URL[len("http"):], "tls"},
		{"a server that hangs up", rude.URL, "closed"},
		{"nobody listens", gone.URL, "refused"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			totals := aFew(t, c.url)
			if totals.Requests == 0 || totals.Errors[c.kind] != totals.Requests || totals.Succeeded() != 0 {
				t.Errorf("got errors %v and answers %v, want %d times %s", totals.Errors, totals.Answers, totals.Requests, c.kind)
			}
		})
	}
}

func TestLatenciesAreCloseAbove(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var l latencies
	var all []time.Duration
	for range 5000 {
		d := time.Duration(math.Exp(rng.Float64()*24)) + 1 // From nanoseconds to half a minute.
		all = append(all, d)
		l.add(d)
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 1} {
		exact := all[max(0, int(math.Ceil(q*float64(len(all))))-1)]
		got := l.quantile(q)
		if limit := max(time.Microsecond, time.Duration(1.045*float64(exact))); got < exact || got > limit {
			t.Errorf("quantile %g: got %s, want between %s and %s", q, got, exact, limit)
		}
	}
	if got := l.quantile(1); got != all[len(all)-1] {
		t.Errorf("the longest: got %s, want %s", got, all[len(all)-1])
	}
}

func TestLatenciesHaveNoLastBucket(t *testing.T) {
	var l latencies
	l.add(48 * time.Hour)
	l.add(0)
	if got := l.quantile(1); got != 48*time.Hour {
		t.Errorf("got %s, want 48h: the longest is kept as it was", got)
	}
	if got := l.quantile(0.1); got != time.Microsecond {
		t.Errorf("got %s, want the shortest bucket, 1µs", got)
	}
}
