package remotewrite

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeSource has minutes that a test closes.
type fakeSource struct {
	mu        sync.Mutex
	minutes   []Minute
	positions map[string]int64
}

func (s *fakeSource) Closed(after int64, n int) (out []Minute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after == 0 && len(s.minutes) > 0 {
		return s.minutes[len(s.minutes)-1:]
	}
	for _, m := range s.minutes {
		if m.Begin > after && len(out) < n {
			out = append(out, m)
		}
	}
	return out
}

func (s *fakeSource) Position(endpoint string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.positions[endpoint]
}

func (s *fakeSource) Sent(endpoint string, minute int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.positions[endpoint] = minute
}

// close adds a minute in which every one of the VPCs has counted so many records.
func (s *fakeSource) close(minute int64, records map[string]uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := Minute{Begin: 60 * minute}
	for _, vpc := range slices.Sorted(maps.Keys(records)) {
		n := records[vpc]
		seen := slices.ContainsFunc(s.minutes, func(m Minute) bool {
			return slices.ContainsFunc(m.Series, func(x Series) bool { return x.VPCID == vpc })
		})
		m.Series = append(m.Series, Series{AccountID: "1", VPCID: vpc, Action: "accept", Records: n, Bytes: 100 * n, Packets: 10 * n, New: !seen})
	}
	s.minutes = append(s.minutes, m)
}

// endpoint is a server that keeps what it takes, as a transport: no sockets, so that time can be virtual.
type endpoint struct {
	mu      sync.Mutex
	answers []func() *http.Response // What the next requests get; afterwards everything is taken.
	stored  map[string][]sample     // By labels.
	tries   []time.Time
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tries = append(e.tries, time.Now())
	if len(e.answers) > 0 {
		answer := e.answers[0]
		e.answers = e.answers[1:]
		return answer(), nil
	}
	compressed, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	body, err := snappy.Decode(nil, compressed)
	if err != nil {
		return nil, err
	}
	if strings.Contains(r.Header.Get("Content-Type"), "v2.Request") {
		return e.storeV2(body)
	}
	return status(204), e.storeV1(body)
}

func status(code int) *http.Response {
	return &http.Response{StatusCode: code, Status: fmt.Sprint(code), Header: http.Header{}, Body: io.NopCloser(strings.NewReader("said so"))}
}

func (e *endpoint) storeV2(body []byte) (*http.Response, error) {
	var request writev2.Request
	if err := proto.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	n := 0
	for _, s := range request.Timeseries {
		var labels []string
		for i := 0; i < len(s.LabelsRefs); i += 2 {
			labels = append(labels, request.Symbols[s.LabelsRefs[i]]+"="+request.Symbols[s.LabelsRefs[i+1]])
		}
		for _, v := range s.Samples {
			e.keep(labels, sample{v.Value, v.Timestamp})
			n++
		}
	}
	r := status(204)
	r.Header.Set("X-Prometheus-Remote-Write-Samples-Written", fmt.Sprint(n))
	return r, nil
}

func (e *endpoint) keep(labels []string, v sample) {
	key := strings.Join(labels, ",")
	e.stored[key] = append(e.stored[key], v)
}

// fields splits a message of length-delimited fields by their number.
func fields(b []byte) (out map[protowire.Number][][]byte, err error) {
	out = map[protowire.Number][][]byte{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		size := protowire.ConsumeFieldValue(number, kind, b[max(n, 0):])
		if n < 0 || size < 0 {
			return nil, fmt.Errorf("not a message: %x", b)
		}
		value := b[n : n+size]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		out[number] = append(out[number], value)
		b = b[n+size:]
	}
	return out, nil
}

func (e *endpoint) storeV1(body []byte) error {
	request, err := fields(body)
	if err != nil {
		return err
	}
	for _, series := range request[1] {
		parts, err := fields(series)
		if err != nil {
			return err
		}
		var labels []string
		for _, l := range parts[1] {
			pair, err := fields(l)
			if err != nil {
				return err
			}
			labels = append(labels, string(pair[1][0])+"="+string(pair[2][0]))
		}
		for _, v := range parts[2] {
			pair, err := fields(v)
			if err != nil {
				return err
			}
			bits, _ := protowire.ConsumeFixed64(pair[1][0])
			at, _ := protowire.ConsumeVarint(pair[2][0])
			e.keep(labels, sample{math.Float64frombits(bits), int64(at)})
		}
	}
	return nil
}

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
