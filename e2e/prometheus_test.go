package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// prometheus is a real one, with nothing in its store but what it scraped here.
type prometheus struct {
	*process
	url string
}

// startPrometheus scrapes a target every second, from now on, whether it answers or not.
func startPrometheus(t *testing.T, target string) *prometheus {
	t.Helper()
	return startPrometheusWith(t, target, "{}")
}

// startPrometheusWith evaluates rules as well, every second.
func startPrometheusWith(t *testing.T, target, rules string) *prometheus {
	t.Helper()
	binary, dir, address := needs(t, "prometheus"), t.TempDir(), freeAddress(t)
	settings := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\nscrape_configs: [{job_name: flowd, static_configs: [{targets: [%q]}]}]\n", target)
	for name, text := range map[string]string{"prometheus.yml": settings, "rules.yml": rules} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &prometheus{launch(t, binary, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address), "http://" + address}
	p.until("Prometheus to be ready", func() bool { return status(p.url+"/-/ready") == http.StatusOK })
	return p
}

// stored is a sample as Prometheus keeps it.
type stored struct{ at, value float64 } // Unix seconds, and the value.

// UnmarshalJSON reads what the HTTP API writes: [seconds, "value"].
func (s *stored) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &[]any{&s.at, &text}); err != nil {
		return err
	}
	var err error
	s.value, err = strconv.ParseFloat(text, 64)
	return err
}

// query returns the samples of every series that a query yields: one each, or many if it asks for a range. The key of a series is that of a
// scrape: the labels that Prometheus adds are left out. at is in Unix seconds; 0 is now.
func (p *prometheus) query(query string, at float64) map[string][]stored {
	p.t.Helper()
	form := url.Values{"query": {query}}
	if at > 0 {
		form.Set("time", strconv.FormatFloat(at, 'f', 3, 64))
	}
	return p.ask("query", form)
}

// queryRange asks for the last half minute as a graph does, in steps; without steps it asks for now.
func (p *prometheus) queryRange(query, step string) map[string][]stored {
	p.t.Helper()
	if step == "" {
		return p.query(query, 0)
	}
	now := time.Now()
	unix := func(t time.Time) []string { return []string{strconv.FormatInt(t.Unix(), 10)} }
	return p.ask("query_range", url.Values{"query": {query}, "start": unix(now.Add(-30 * time.Second)), "end": unix(now), "step": {step}})
}

func (p *prometheus) ask(what string, form url.Values) map[string][]stored {
	p.t.Helper()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  stored
				Values []stored
			}
		}
	}
	if err := json.Unmarshal(body(p.t, p.url+"/api/v1/"+what+"?"+form.Encode()), &answer); err != nil {
		p.t.Fatalf("reading the answer to %s: %v", form.Get("query"), err)
	}
	out := map[string][]stored{}
	for _, r := range answer.Data.Result {
		if r.Values == nil {
			r.Values = []stored{r.Value}
		}
		out[seriesKey(r.Metric)] = r.Values
	}
	return out
}

// labelValues are the values of a label among the series that match.
func (p *prometheus) labelValues(label, match string) []string {
	p.t.Helper()
	var answer struct{ Data []string }
	form := url.Values{"match[]": {match}}
	if err := json.Unmarshal(body(p.t, p.url+"/api/v1/label/"+label+"/values?"+form.Encode()), &answer); err != nil {
		p.t.Fatalf("reading the values of %s: %v", label, err)
	}
	return answer.Data
}

func seriesKey(labels map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "__name__" && name != "job" && name != "instance" {
			parts = append(parts, name+"="+labels[name])
		}
	}
	return labels["__name__"] + "{" + strings.Join(parts, ",") + "}"
}

// lastScrape is when the last scrape was stored, in Unix seconds; 0 before there was one, and while there is none.
func (p *prometheus) lastScrape() float64 {
	p.t.Helper()
	for _, values := range p.query("timestamp(flowd_objects_counted_total)", 0) {
		return values[0].value
	}
	return 0
}

// untilScraped waits until the target was scraped once.
func (p *prometheus) untilScraped() {
	p.t.Helper()
	p.until("Prometheus to scrape", func() bool { return p.lastScrape() > 0 })
}

// window is a range that is longer than any run of the suite. Nothing is older than the run in the store of this Prometheus.
const window = "[1h]"

// history is every sample that Prometheus stored of flowd, by series.
type history map[string][]stored

func (p *prometheus) history() history {
	p.t.Helper()
	return p.query(`{__name__=~"flowd_.+"}`+window, 0)
}

// end is when the last sample was stored.
func (h history) end() (at float64) {
	for _, values := range h {
		at = max(at, values[len(values)-1].at)
	}
	return at
}

// raw is what a counter grew by from the first stored sample to the last: increase() without its extrapolation. As there, a value that is lower
// than the one before is a reset, and counts as a whole.
func raw(values []stored) float64 {
	sum := 0.0
	for i, v := range values[1:] {
		if sum += v.value; v.value >= values[i].value {
			sum -= values[i].value
		}
	}
	return sum
}

// totals are what the stored samples say in the form of a scrape: for the counted families what each series grew by. The rankings are held
// against what they saw at one time: when a member leaves, its count moves to `_departed_`, and has grown in both.
func (h history) totals() samples {
	out, members := samples{}, map[string]bool{}
	for _, r := range ranked() {
		members[r[0]+r[1]], members[r[0]+"_other"+r[1]], members[r[0]+"_departed"+r[1]] = true, true, true
	}
	end := h.end()
	for k, values := range h {
		family, labels, _ := strings.Cut(k, "{")
		last := values[len(values)-1]
		switch {
		case !members[family]:
			out[strings.TrimSuffix(family, "_count")+"{"+labels] = raw(values)
		case last.at == end:
			out[k] = last.value
		}
	}
	return out
}
