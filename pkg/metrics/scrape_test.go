package metrics

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// scrapeHandler is the handler as the service wires it.
func scrapeHandler(t testing.TB, totals *Totals) http.Handler {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(totals)
	return totals.ObserveScrapes(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
}

func get(h http.Handler, method, target string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w.Body.String()
}

// TestWholeScrape holds every name, help text, type, label and value of a small state against a golden file, because all of them are API.
func TestWholeScrape(t *testing.T) {
	s := newService(t, func(c *Config) { c.TopK = 2 })
	h := scrapeHandler(t, s.totals)
	settle := func() {
		get(h, http.MethodGet, "/metrics")
		s.commit()
	}
	settle()
	for range 2 {
		b := s.totals.NewBatch(s.now)
		b.Add(flow(t, "10.0.0.1", "2001:db8::1", "1000", "ACCEPT"))
		b.Add(flow(t, "198.51.100.7", "10.0.0.1", "40", "REJECT"))
		b.Add(record(t, "unknown - - - 10.0.0.9 10.0.0.1 0 1 3 252 1799999000 ACCEPT egress OK"))
		b.AddMalformed(0)
		b.AddObjectBytes(100, 400)
		s.commit(b)
		settle()
		settle()
	}
	got := get(h, http.MethodGet, "/metrics")
	const golden = "testdata/scrape.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(masked(got)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if masked(got) != string(want) {
		t.Errorf("the scrape differs from %s; after looking at the difference, run UPDATE_GOLDEN=1 go test ./pkg/metrics.\ngot:\n%s", golden, masked(got))
	}
}

// masked hides what depends on the clock of the machine.
func masked(scrape string) string {
	var out []string
	for line := range strings.Lines(scrape) {
		if strings.HasPrefix(line, "flowd_commit_duration_seconds") {
			continue
		}
		out = append(out, line)
	}
	return strings.Join(out, "")
}

func TestOnlyWholeScrapesRelease(t *testing.T) {
	for name, request := range map[string][2]string{
		"HEAD":     {http.MethodHead, "/metrics"},
		"filtered": {http.MethodGet, "/metrics?name[]=flowd_flow_records_total"},
	} {
		s := newService(t, nil)
		s.commit()
		get(scrapeHandler(t, s.totals), request[0], request[1])
		if s.totals.Due(s.now) {
			t.Errorf("%s: a scrape that may not have read every 0 released label sets", name)
		}
	}
	s := newService(t, nil)
	s.commit()
	get(scrapeHandler(t, s.totals), http.MethodGet, "/metrics")
	if !s.totals.Due(s.now) {
		t.Error("a whole scrape released nothing")
	}
}

func TestMetricsLint(t *testing.T) {
	s := newService(t, nil)
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	problems, err := testutil.CollectAndLint(s.totals)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if n := testutil.CollectAndCount(s.totals); n < 40 {
		t.Fatalf("the linter saw only %d series", n)
	}
	for _, d := range definitions() {
		for i := 0; d != nil && i < len(d.names); i++ {
			if d.help[i] == "" || !strings.HasSuffix(d.help[i], ".") {
				t.Errorf("%s: help must be a sentence, got %q", d.names[i], d.help[i])
			}
		}
	}
}
