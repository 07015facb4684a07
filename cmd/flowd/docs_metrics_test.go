package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"go.yaml.in/yaml/v3"
)

// TestGeneratedDocsMetrics describes a service that has counted something of everything.
func TestGeneratedDocsMetrics(t *testing.T) {
	all := slices.DeleteFunc(serviceFamilies(t), func(f *dto.MetricFamily) bool { return !strings.HasPrefix(f.GetName(), "flowd_") })
	limits := seriesLimits(all)
	var page bytes.Buffer
	page.WriteString(metricsIntro)
	for _, group := range []struct {
		title   string
		durable bool
	}{{"Durable", true}, {"Of this process", false}} {
		fmt.Fprintf(&page, "\n## %s\n\n| metric | type | labels | series at most | meaning |\n|---|---|---|---|---|\n", group.title)
		rows := 0
		for _, f := range all {
			if durable(f.GetName()) == group.durable {
				rows++
				fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), labelsOf(f), seriesAtMost(t, f, limits), f.GetHelp())
			}
		}
		if rows < 10 {
			t.Fatalf("%s: only %d families", group.title, rows)
		}
	}
	page.WriteString(metricsOutro)
	writeUses(t, &page, all)
	generated(t, "metrics.md", page.String())
}

// seriesLimits are the limits that the families expose, with default settings: value of the label family → limit.
func seriesLimits(all []*dto.MetricFamily) map[string]int {
	limits := map[string]int{}
	for _, f := range all {
		if f.GetName() == "flowd_series_limit" {
			for _, m := range f.Metric {
				limits[m.Label[0].GetValue()] = int(m.Gauge.GetValue())
			}
		}
	}
	return limits
}

// closed are labels with values that are known in advance, each of them exposed at 0 from the start.
func closed() []string {
	return []string{"result", "reason", "state", "log_status", "encoding", "family", "rule"}
}

// seriesAtMost says how many series of a family there can be. Nothing is exposed without a bound, so a family that is not known here is an error.
func seriesAtMost(t *testing.T, f *dto.MetricFamily, limits map[string]int) string {
	t.Helper()
	name, labels := f.GetName(), labelNames(f)
	switch {
	case f.GetType() == dto.MetricType_HISTOGRAM && len(labels) == 0:
		return fmt.Sprintf("%d (%d buckets, sum, count)", len(f.Metric[0].Histogram.Bucket)+3, len(f.Metric[0].Histogram.Bucket)+1)
	case len(labels) == 0 || name == "flowd_build_info":
		return "1"
	case !slices.ContainsFunc(labels, func(l string) bool { return !slices.Contains(closed(), l) }):
		return strconv.Itoa(len(f.Metric))
	case strings.HasPrefix(name, "flowd_interface_"):
		return fmt.Sprintf("%d interfaces (`--metrics.max-interfaces`) and `other`, 3 actions each", limits["interface"])
	case strings.HasPrefix(name, "flowd_flow_"):
		return fmt.Sprintf("%d, and `other`", limits["flow"])
	case strings.HasPrefix(name, "flowd_port_"):
		return fmt.Sprintf("%d (from `--metrics.ports`)", limits["port"])
	case slices.Equal(labels, []string{"flow_log_id"}):
		return "200 flow logs, and `other`"
	case strings.HasPrefix(name, "flowd_remote_write_"):
		return strconv.Itoa(len(f.Metric)) + " an endpoint"
	case strings.HasPrefix(name, "flowd_top_"):
		ranking := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(name, "flowd_"), "_bytes_total"), "_records_total")
		return fmt.Sprintf("%d (`--metrics.top-k`)", limits[ranking])
	}
	t.Errorf("nothing says how many series %s can have", name)
	return "?"
}

func labelNames(f *dto.MetricFamily) []string {
	names := map[string]bool{}
	for _, m := range f.Metric {
		for _, l := range m.Label {
			names[l.GetName()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// writeUses says on which panels each metric is, and which alerts need it.
func writeUses(t *testing.T, page *bytes.Buffer, all []*dto.MetricFamily) {
	t.Helper()
	panels, alerts := panelsByMetric(t), alertsByMetric(t)
	fmt.Fprint(page, "\n## Where each is used\n\nPanels of the dashboards in `deploy/grafana/dashboards`, alerts of the rules in `deploy/prometheus/rules`.\n\n| metric | panels | alerts |\n|---|---|---|\n")
	for _, f := range all {
		fmt.Fprintf(page, "| `%s` | %s | %s |\n", f.GetName(), orDash(panels[f.GetName()], "; "), orDash(alerts[f.GetName()], ", "))
	}
}

func orDash(texts []string, separator string) string {
	if len(texts) == 0 {
		return "–"
	}
	return strings.Join(texts, separator)
}

// metricOf is the family that a stored name belongs to: a histogram is stored as three.
func metricOf(name string) string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// panelsByMetric has one text for each dashboard that shows a metric: its title and those of the panels.
func panelsByMetric(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, b := range boards(t) {
		titles := map[string][]string{}
		for _, p := range b.tiles() {
			for _, q := range p.Targets {
				all, _ := references(q.Expr)
				for _, r := range all {
					if name := metricOf(r.metric); !slices.Contains(titles[name], p.Title) {
						titles[name] = append(titles[name], p.Title)
					}
				}
			}
		}
		for name, of := range titles {
			out[name] = append(out[name], "**"+strings.TrimPrefix(b.Title, "flowd / ")+"**: "+strings.Join(of, ", "))
		}
	}
	return out
}

// alertRule is a rule of Prometheus: a record or an alert.
type alertRule struct{ Record, Alert, Expr string }

// alertsByMetric looks through recording rules: an alert on what is recorded needs what it is recorded from.
func alertsByMetric(t *testing.T) map[string][]string {
	t.Helper()
	rules := alertRules(t)
	recorded := map[string][]string{}
	for _, r := range rules {
		if r.Record != "" {
			recorded[r.Record] = append(recorded[r.Record], r.Expr)
		}
	}
	out := map[string][]string{}
	for _, r := range rules {
		for name := range needed(r.Expr, recorded, map[string]bool{}) {
			if r.Alert != "" && !slices.Contains(out[name], r.Alert) {
				out[name] = append(out[name], r.Alert)
			}
		}
	}
	return out
}

// needed are the metrics behind an expression, found through the rules that record what it names.
func needed(expr string, recorded map[string][]string, found map[string]bool) map[string]bool {
	all, _ := references(expr)
	for _, r := range all {
		name := metricOf(r.metric)
		if found[name] {
			continue
		}
		found[name] = true
		for _, from := range recorded[r.metric] {
			needed(from, recorded, found)
		}
	}
	return found
}

// alertRules are those of every file of rules, none if there is no folder.
func alertRules(t *testing.T) []alertRule {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "deploy", "prometheus", "rules", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []alertRule
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, readRules(t, file, text)...)
	}
	return all
}

func readRules(t *testing.T, file string, text []byte) (all []alertRule) {
	t.Helper()
	var rules struct {
		Groups []struct{ Rules []alertRule }
	}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, g := range rules.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Errorf("%s has no rule", file)
	}
	return all
}

func TestAnAlertNeedsWhatItsRecordIsRecordedFrom(t *testing.T) {
	rules := readRules(t, "rules", []byte(`{groups: [{name: a, rules: [
	  {record: "vpc:flowd_flow_records:rate15m", expr: 'sum by (vpc_id) (rate(flowd_flow_records_total[15m])) # as it arrives'},
	  {record: "flowd:ratio", expr: 'vpc:flowd_flow_records:rate15m{a="b"} / on () vector(1)'},
	  {alert: FlowdSpike, expr: "flowd:ratio > 2 and on () histogram_quantile(0.9, rate(flowd_record_age_seconds_bucket[1h])) < 900"}]}]}`))
	recorded := map[string][]string{}
	for _, r := range rules {
		recorded[r.Record] = append(recorded[r.Record], r.Expr)
	}
	got := needed(rules[2].Expr, recorded, map[string]bool{})
	for _, want := range []string{"flowd:ratio", "vpc:flowd_flow_records:rate15m", "flowd_flow_records_total", "flowd_record_age_seconds"} {
		if !got[want] {
			t.Errorf("%s: got %v, want it to be needed", want, got)
		}
	}
}
