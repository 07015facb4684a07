package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// flags are what `flowd run` is started with: flag name → value.
type flags map[string]string

// flags are enough for a service. Few workers: an endpoint that does not notice a client's end gives a message to each poll that a killed
// flowd has left behind, and those messages stay hidden for a visibility timeout.
func (s *site) flags(state string) flags {
	return flags{
		"aws.endpoint-url": s.endpoint, "aws.region": region, "sqs.queue-url": s.result.QueueURL, "sqs.visibility-timeout": "10s",
		"s3.bucket": s.result.Bucket, "state.dir": state, "ingest.workers": "4", "web.listen-address": freeAddress(s.t),
	}
}

// with changes one flag.
func (f flags) with(name, value string) flags {
	changed := maps.Clone(f)
	changed[name] = value
	return changed
}

func (f flags) args() []string {
	args := []string{"run"}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		args = append(args, "--"+name+"="+f[name])
	}
	return args
}

// flowd is a running service.
type flowd struct {
	*process
	url string
}

// start returns when the service answers.
func (s *site) start(f flags) *flowd {
	s.t.Helper()
	d := s.begin(f)
	d.until("flowd to answer", func() bool { return status(d.url+"/-/healthy") == http.StatusOK })
	return d
}

// untilReady waits until the service receives.
func (d *flowd) untilReady() {
	d.t.Helper()
	d.until("flowd to be ready", func() bool { return status(d.url+"/-/ready") == http.StatusOK })
}

// untilDraining waits until the service has heard that it should stop.
func (d *flowd) untilDraining() {
	d.t.Helper()
	d.until("flowd to drain", func() bool { return d.status().State == "draining" })
}

// begin returns at once.
func (s *site) begin(f flags) *flowd {
	s.t.Helper()
	return &flowd{launch(s.t, filepath.Join(binaries, "flowd"), f.args()...), "http://" + f["web.listen-address"]}
}

// serviceStatus is the part of /api/v1/status that tests look at.
type serviceStatus struct {
	State  string // starting, ready, draining.
	Totals struct{ Objects uint64 }
}

// status does not read /metrics: a read there is a scrape, and would let new label sets show what they counted before a real Prometheus has
// read their 0.
func (d *flowd) status() (s serviceStatus) {
	d.t.Helper()
	if err := json.Unmarshal(body(d.t, d.url+"/api/v1/status"), &s); err != nil {
		d.t.Fatalf("reading the status: %v", err)
	}
	return s
}

// untilMore waits until more objects are in the totals than there were.
func (d *flowd) untilMore(objects uint64) {
	d.t.Helper()
	d.until("an object to be counted", func() bool { return d.status().Totals.Objects > objects })
}

// untilQuiet waits until the queue holds nothing, in flight or not: whatever was announced then has a fate.
func (s *site) untilQuiet(d *flowd) {
	s.t.Helper()
	d.until("the queue to be empty", func() bool { return s.messages(s.result.QueueURL) == 0 })
}

// samples is a scrape: `name{label=value,…}`, the labels sorted, → value. A histogram shows its count.
type samples map[string]float64

// scrape reads /metrics as Prometheus would.
func (d *flowd) scrape() samples {
	d.t.Helper()
	out := samples{}
	for name, family := range d.families() {
		for _, m := range family.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			slices.Sort(labels)
			out[name+"{"+strings.Join(labels, ",")+"}"] = valueOf(m)
		}
	}
	return out
}

func (d *flowd) families() map[string]*dto.MetricFamily {
	d.t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(body(d.t, d.url+"/metrics"))))
	if err != nil || len(families) == 0 {
		d.t.Fatalf("parsing /metrics: got %d families, %v", len(families), err)
	}
	return families
}

func valueOf(m *dto.Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.Counter.GetValue()
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	}
	return float64(m.GetHistogram().GetSampleCount())
}
