package remotewrite

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a writer with one endpoint, in a bubble.
type world struct {
	*testing.T
	source   *fakeSource
	endpoint *endpoint
	registry *prometheus.Registry
	config   Endpoint
}

func inBubble(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		config, err := Read(strings.NewReader("remote_write: [{url: http://server/write, labels: {replica: a}}]"), "x")
		if err != nil {
			t.Fatal(err)
		}
		test(&world{
			T: t, source: &fakeSource{positions: map[string]int64{}}, endpoint: &endpoint{stored: map[string][]sample{}},
			registry: prometheus.NewRegistry(), config: config[0],
		})
	})
}

// runFor runs a new writer for some time.
func (w *world) runFor(d time.Duration) {
	w.Helper()
	w.registry = prometheus.NewRegistry()
	writer, err := New([]Endpoint{w.config}, Deps{Source: w.source, Logger: slog.New(slog.DiscardHandler), Registerer: w.registry})
	if err != nil {
		w.Fatal(err)
	}
	s := writer.senders[0]
	s.answer.next = w.endpoint
	ctx, cancel := context.WithTimeout(w.Context(), d)
	defer cancel()
	if err := writer.Run(ctx); err != nil {
		w.Fatal(err)
	}
}

func (w *world) want(vpc string, want ...sample) {
	w.Helper()
	got := w.endpoint.stored["__name__=flowd_event_records_total,account_id=1,action=accept,replica=a,vpc_id="+vpc]
	if !slices.EqualFunc(got, want, func(a, b sample) bool {
		return a.at == b.at && math.Float64bits(a.value) == math.Float64bits(b.value)
	}) {
		w.Errorf("%s: got %v, want %v", vpc, got, want)
	}
}

func (w *world) counter(name string) (total float64) {
	w.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.Metric {
				total += valueOf(m)
			}
			return total
		}
	}
	w.Fatalf("there is no %s", name)
	return 0
}

func valueOf(m *dto.Metric) float64 { return m.GetCounter().GetValue() + m.GetGauge().GetValue() }

// at is the end of a minute in milliseconds, when its samples are.
func at(minute int64) int64 { return 60_000 * (minute + 1) }

func TestMinutesAreSentOnceAndInOrder(t *testing.T) {
	for _, kind := range []string{"prometheus.WriteRequest", "io.prometheus.write.v2.Request"} {
		t.Run(kind, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.config.Message = remote.WriteMessageType(kind)
				w.source.close(100, nil)
				w.runFor(10 * time.Second)
				w.source.close(101, map[string]uint64{"a": 5})
				w.source.close(102, map[string]uint64{"a": 7, "b": 1})
				w.runFor(10 * time.Second) // A restart: the position comes from the source.
				w.source.close(103, map[string]uint64{"a": 7, "b": 2})
				w.runFor(time.Minute)
				w.want("a", sample{0, at(100)}, sample{5, at(101)}, sample{7, at(102)}, sample{7, at(103)})
				w.want("b", sample{0, at(101)}, sample{1, at(102)}, sample{2, at(103)})
				if got, want := w.counter("flowd_remote_write_sent_until_timestamp_seconds"), float64(60*104); got != want {
					t.Errorf("sent until %v, want %v", got, want)
				}
			})
		})
	}
}

func TestASeriesThatLeavesIsEnded(t *testing.T) {
	inBubble(t, func(w *world) {
		w.source.close(100, map[string]uint64{"a": 1})
		w.source.positions["server"] = 60 * 99
		w.source.close(101, map[string]uint64{"b": 1})
		w.runFor(time.Minute)
		w.want("a", sample{0, at(99)}, sample{1, at(100)}, sample{staleMarker(), at(101)})
	})
}

func TestHistoryIsNotSentToANewEndpoint(t *testing.T) {
	inBubble(t, func(w *world) {
		w.source.close(100, map[string]uint64{"a": 1})
		w.source.close(101, map[string]uint64{"a": 2})
		w.runFor(time.Minute)
		w.want("a", sample{2, at(101)})
	})
}

// TestAnswers: what may pass is tried again, later and later and not before the server wants; what never passes is dropped and counted; what somebody
// has to mend waits.
func TestAnswers(t *testing.T) {
	retryAfter := func() *http.Response {
		r := status(429)
		r.Header.Set("Retry-After", "40")
		return r
	}
	for name, c := range map[string]struct {
		answers          []func() *http.Response
		dropped, retries float64
		least            time.Duration // Until the last try.
		samples          []sample
	}{
		"500 twice": {[]func() *http.Response{func() *http.Response { return status(500) }, func() *http.Response { return status(503) }},
			0, 2, time.Second, []sample{{0, at(99)}, {1, at(100)}}},
		"429":             {[]func() *http.Response{retryAfter}, 0, 1, 40 * time.Second, []sample{{0, at(99)}, {1, at(100)}}},
		"400":             {[]func() *http.Response{func() *http.Response { return status(400) }}, 6, 0, 0, nil},
		"wrong password":  {[]func() *http.Response{func() *http.Response { return status(401) }}, 0, 1, time.Minute, []sample{{0, at(99)}, {1, at(100)}}},
		"no such address": {[]func() *http.Response{func() *http.Response { return status(404) }}, 0, 1, time.Minute, []sample{{0, at(99)}, {1, at(100)}}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.endpoint.answers = c.answers
				w.source.close(100, map[string]uint64{"a": 1})
				w.source.positions["server"] = 60 * 99
				began := time.Now()
				w.runFor(5 * time.Minute)
				w.want("a", c.samples...)
				if got := w.counter("flowd_remote_write_dropped_total"); got != c.dropped {
					t.Errorf("%v samples were dropped, want %v", got, c.dropped)
				}
				if got := w.counter("flowd_remote_write_retries_total"); got != c.retries {
					t.Errorf("%v retries, want %v", got, c.retries)
				}
				if last := w.endpoint.tries[len(w.endpoint.tries)-1].Sub(began); last < c.least {
					t.Errorf("the last try came after %s, want at least %s", last, c.least)
				}
				if got, want := w.source.positions["server"], int64(60*100); got != want {
					t.Errorf("the position is %d, want %d", got, want)
				}
			})
		})
	}
}

func TestAnOutageLongerThanTheRingIsCounted(t *testing.T) {
	inBubble(t, func(w *world) {
		w.source.positions["server"] = 60 * 90
		w.source.close(100, map[string]uint64{"a": 1})
		w.runFor(time.Minute)
		if got := w.counter("flowd_remote_write_dropped_total"); got != 9 {
			t.Errorf("%v minutes are gone, want 9", got)
		}
	})
}

func TestRequestsAreBounded(t *testing.T) {
	inBubble(t, func(w *world) {
		all := map[string]uint64{}
		for i := range 300 {
			all[fmt.Sprintf("vpc-%03d", i)] = 1
		}
		w.source.positions["server"] = 60 * 99
		for m := range int64(10) {
			w.source.close(100+m, all)
		}
		w.runFor(time.Minute)
		if n := len(w.endpoint.tries); n < 5 {
			t.Errorf("10 minutes of 900 series went out in %d requests, want at least 5", n)
		}
		if got, want := w.counter("flowd_remote_write_samples_total"), 10.0*900+900; got != want {
			t.Errorf("%v samples, want %v", got, want)
		}
	})
}

// TestMinutesThatAreGoneCountOnce: an endpoint that does not let flowd in is asked again and again, and the same minutes are gone.
func TestMinutesThatAreGoneCountOnce(t *testing.T) {
	inBubble(t, func(w *world) {
		denied := func() *http.Response { return status(401) }
		w.endpoint.answers = []func() *http.Response{denied, denied, denied}
		w.source.positions["server"] = 60 * 90
		w.source.close(100, map[string]uint64{"a": 1})
		w.runFor(5 * time.Minute)
		w.want("a", sample{0, at(99)}, sample{1, at(100)})
		if got := w.counter("flowd_remote_write_dropped_total"); got != 9 {
			t.Errorf("%v minutes are gone, want 9", got)
		}
	})
}

// TestThePositionIsShownAfterARestart, also when the endpoint is away.
func TestThePositionIsShownAfterARestart(t *testing.T) {
	inBubble(t, func(w *world) {
		w.source.positions["server"] = 60 * 100
		w.runFor(time.Minute)
		if got, want := w.counter("flowd_remote_write_sent_until_timestamp_seconds"), float64(60*101); got != want {
			t.Errorf("sent until %v, want %v", got, want)
		}
	})
}

// TestRedirects: a page to log in, which answers with 200, has not taken the samples. They wait, whether redirects are followed or not.
func TestRedirects(t *testing.T) {
	for _, follow := range []bool{true, false} {
		t.Run(fmt.Sprint("follow_redirects: ", follow), func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.endpoint.answers = []func() *http.Response{func() *http.Response {
					r := status(302)
					r.Header.Set("Location", "http://server/login")
					return r
				}}
				w.config.Client.FollowRedirects = follow
				w.source.positions["server"] = 60 * 99
				w.source.close(100, map[string]uint64{"a": 1})
				w.runFor(5 * time.Minute)
				w.want("a", sample{0, at(99)}, sample{1, at(100)})
				if got := w.counter("flowd_remote_write_retries_total"); got != 1 {
					t.Errorf("%v retries, want 1", got)
				}
				if got := w.counter("flowd_remote_write_dropped_total"); got != 0 {
					t.Errorf("%v samples were dropped, want none", got)
				}
			})
		})
	}
}

// TestRedirectsThatKeepTheMethod are followed when the configuration says so, and it is heeded.
func TestRedirectsThatKeepTheMethod(t *testing.T) {
	for follow, tries := range map[bool]int{true: 2, false: 1} {
		inBubble(t, func(w *world) {
			w.endpoint.answers = []func() *http.Response{func() *http.Response {
				r := status(308)
				r.Header.Set("Location", "http://server/elsewhere")
				return r
			}}
			w.config.Client.FollowRedirects = follow
			w.source.positions["server"] = 60 * 99
			w.source.close(100, map[string]uint64{"a": 1})
			w.runFor(10 * time.Second)
			if got := len(w.endpoint.tries); got != tries {
				t.Errorf("follow_redirects: %v: %d requests, want %d", follow, got, tries)
			}
		})
	}
}
