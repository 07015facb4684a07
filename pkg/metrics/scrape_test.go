package metrics

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// scrapeHandler is the handler as the service wires it.
func scrapeHandler(totals *Totals) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(totals)
	return totals.ObserveScrapes(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
}

func get(h http.Handler, method, target string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w.Body.String()
}

// everything is a small state in which every family has a series that is not 0.
func everything(t *testing.T) *service {
	s := newService(t, func(c *Config) { c.TopK = 2 })
	h := scrapeHandler(s.totals)
	settle := func() {
		get(h, http.MethodGet, "/metrics")
		s.commit()
	}
	settle()
	count := func(port string) {
		b := s.totals.NewBatch(s.now)
		b.Add(flow(t, "10.0.0.1", "2001:db8::1", "1000", "ACCEPT"))
		b.Add(record(t, "123456789012 vpc-1 subnet-1 eni-1 198.51.100.7 10.0.0.1 "+port+" 6 1 40 1799999990 REJECT ingress OK"))
		b.Add(record(t, "unknown - - - 10.0.0.9 10.0.0.1 0 1 3 252 1799999000 ACCEPT egress OK"))
		b.AddMalformed(0)
		b.AddObjectBytes(100, 400)
		b.From(Arrival{ID: port, FlowLogID: "fl-0123456789abcdef0", Stamp: s.now})
		s.commit(b)
		s.totals.QueueEmpty(s.now.Add(time.Second), false)
		settle()
		settle()
	}
	count("443")
	count("443")
	s.now = s.now.Add(memberIdle)
	s.commit() // Every member leaves.
	count("22")
	count("22")
	return s
}

// TestWholeScrape holds every name, help text, type, label and value of a small state against a golden file, because all of them are API.
func TestWholeScrape(t *testing.T) {
	s := everything(t)
	got := masked(get(scrapeHandler(s.totals), http.MethodGet, "/metrics"))
	const golden = "testdata/scrape.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the scrape differs from %s; after looking at the difference, run UPDATE_GOLDEN=1 go test ./pkg/metrics.\ngot:\n%s", golden, got)
	}
	for _, name := range Durable() {
		if !strings.Contains(string(want), "\n# TYPE "+name+" ") || everyZero(string(want), name) {
			t.Errorf("%s is not in the golden file with a value that is not 0", name)
		}
	}
	if n := len(Durable()); n < 25 {
		t.Fatalf("only %d families are durable", n)
	}
}

func everyZero(scrape, name string) bool {
	for line := range strings.Lines(scrape) {
		if rest, ok := strings.CutPrefix(line, name); ok && strings.ContainsAny(rest[:1], "{ _") && !strings.HasSuffix(line, " 0\n") {
			return false
		}
	}
	return true
}

// masked leaves out what depends on the clock of the machine.
func masked(scrape string) string {
	var out []string
	for line := range strings.Lines(scrape) {
		if !strings.HasPrefix(line, "flowd_commit_duration_seconds") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

// F84 series exposed twice, or against the conventions: a pedantic registry and promlint look at every family.
func TestF84_MetricsLint(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(everything(t).totals)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, f := range families {
		if help := f.GetHelp(); !strings.HasSuffix(help, ".") {
			t.Errorf("%s: help must be a sentence, got %q", f.GetName(), help)
		}
		if !strings.HasPrefix(f.GetName(), "flowd_") {
			t.Errorf("%s does not begin with the name of the program", f.GetName())
		}
	}
	if got, want := len(families), len(Durable())+8; got != want {
		t.Fatalf("the linter saw %d families, want the durable ones and 8 about counting itself: %d", got, want)
	}
}

// brokenWriter is a client that went away.
type brokenWriter struct{ *httptest.ResponseRecorder }

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// TestOnlyWholeAnswersRelease says which requests have read every 0.
func TestOnlyWholeAnswersRelease(t *testing.T) {
	const all = "/metrics"
	gone, leave := context.WithCancel(t.Context())
	leave()
	get := func(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }
	zipped := get(all)
	zipped.Header.Set("Accept-Encoding", "gzip")
	tests := []struct {
		name    string
		request *http.Request
		broken  bool
		fails   bool
		want    bool
	}{
		{name: "whole", request: get(all), want: true},
		{name: "whole, with a parameter of somebody else", request: get(all + "?cluster=a"), want: true},
		{name: "compressed", request: zipped, want: true},
		{name: "HEAD", request: httptest.NewRequest(http.MethodHead, all, nil)},
		{name: "POST", request: httptest.NewRequest(http.MethodPost, all, nil)},
		{name: "filtered", request: get(all + "?name[]=flowd_flow_records_total")},
		{name: "the client left", request: get(all).WithContext(gone)},
		{name: "the answer could not be written", request: get(all), broken: true},
		{name: "another collector failed", request: get(all), fails: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newService(t, nil)
			s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
			s.commit() // The rankings, which were empty, have their members.
			reg := prometheus.NewRegistry()
			reg.MustRegister(s.totals)
			if test.fails {
				reg.MustRegister(failingCollector{})
			}
			var w http.ResponseWriter = httptest.NewRecorder()
			if test.broken {
				w = brokenWriter{httptest.NewRecorder()}
			}
			if s.totals.Due(s.now) {
				t.Fatal("something is due before the request")
			}
			s.totals.ObserveScrapes(promhttp.HandlerFor(reg, promhttp.HandlerOpts{})).ServeHTTP(w, test.request)
			if got := s.totals.Due(s.now); got != test.want {
				t.Errorf("releases are due: got %v, want %v", got, test.want)
			}
		})
	}
}

// TestScrapeReleasesOnlyWhatItRead has a label set that is born while a slow scrape is on its way.
func TestScrapeReleasesOnlyWhatItRead(t *testing.T) {
	s := newService(t, nil)
	slow := s.totals.ObserveScrapes(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	}))
	get(slow, http.MethodGet, "/metrics")
	s.commit()
	if got := gather(t, s.totals)[flowSeries]; got != 0 {
		t.Errorf("got %v, want 0: the scrape began before the label set was there", got)
	}
}

type failingCollector struct{}

func (failingCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- prometheus.NewDesc("broken", "Broken.", nil, nil)
}

func (failingCollector) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("broken", "Broken.", nil, nil), errors.New("broken"))
}

// TestCompressedAnswerIsTheSame keeps the wrapper out of the way of what it wraps.
func TestCompressedAnswerIsTheSame(t *testing.T) {
	s := everything(t)
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	scrapeHandler(s.totals).ServeHTTP(w, request)
	z, err := gzip.NewReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if want := get(scrapeHandler(s.totals), http.MethodGet, "/metrics"); string(got) != want {
		t.Errorf("got %d bytes, want the %d of the answer that is not compressed", len(got), len(want))
	}
}
