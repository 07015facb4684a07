package flowd_test

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"flowd/pkg/metrics"
)

// rule is a recording rule or an alert, as Prometheus reads it.
type rule struct {
	Record, Alert, Expr string
	For                 string
	KeepFiringFor       string `yaml:"keep_firing_for"`
	Labels              map[string]string
	Annotations         map[string]string
}

// rules are all of deploy/prometheus/rules.
func rules(t *testing.T) (all []rule) {
	t.Helper()
	files, err := filepath.Glob("deploy/prometheus/rules/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("got rule files %v, %v, want at least three", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Groups []struct {
				Name, Interval string
				Rules          []rule
			}
		}
		d := yaml.NewDecoder(strings.NewReader(string(text)))
		d.KnownFields(true)
		if err := d.Decode(&file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, g := range file.Groups {
			if g.Interval == "" {
				t.Errorf("%s: group %s has no interval, and averages count on one", name, g.Name)
			}
			all = append(all, g.Rules...)
		}
	}
	return all
}

func alerts(t *testing.T) (all []rule) {
	t.Helper()
	all = slices.DeleteFunc(rules(t), func(r rule) bool { return r.Alert == "" })
	if len(all) < 16 {
		t.Fatalf("got %d alerts, want at least 16", len(all))
	}
	return all
}

// TestAlertsSayWhatTheyMean checks what whoever is woken reads first.
func TestAlertsSayWhatTheyMean(t *testing.T) {
	for _, a := range alerts(t) {
		if !regexp.MustCompile(`^Flowd[A-Z][A-Za-z]+$`).MatchString(a.Alert) {
			t.Errorf("%s: want a name in camel case that begins with Flowd", a.Alert)
		}
		if s := a.Labels["severity"]; !slices.Contains([]string{"critical", "warning", "info"}, s) || len(a.Labels) != 1 {
			t.Errorf("%s: got labels %v, want a severity of critical, warning or info, and nothing else", a.Alert, a.Labels)
		}
		if got, want := slices.Sorted(maps.Keys(a.Annotations)), []string{"description", "runbook_url", "summary"}; !slices.Equal(got, want) {
			t.Errorf("%s: got annotations %v, want %v", a.Alert, got, want)
		}
		if s := a.Annotations["summary"]; strings.Contains(s, "{{") || !strings.HasSuffix(s, ".") {
			t.Errorf("%s: the summary %q is no fixed sentence", a.Alert, s)
		}
		if s := a.Annotations["description"]; !strings.Contains(s, "{{") || !strings.HasSuffix(strings.TrimSpace(s), ".") {
			t.Errorf("%s: the description %q does not say which", a.Alert, s)
		}
		if d, err := time.ParseDuration(a.For); err != nil || d < 5*time.Minute {
			t.Errorf("%s: got for: %q, want at least five minutes", a.Alert, a.For)
		}
	}
}

// TestEveryAlertHasARunbook, and every runbook an alert. Each page has the same five parts.
func TestEveryAlertHasARunbook(t *testing.T) {
	pages := map[string]bool{}
	for _, a := range alerts(t) {
		name := a.Alert + ".md"
		pages[name] = true
		if url := a.Annotations["runbook_url"]; path.Base(url) != name || path.Base(path.Dir(url)) != "runbooks" || !strings.HasPrefix(url, "https://") {
			t.Errorf("%s: got runbook_url %q, want …/runbooks/%s", a.Alert, url, name)
		}
		text, err := os.ReadFile(filepath.Join("docs", "runbooks", name))
		if err != nil {
			t.Error(err)
			continue
		}
		parts := []string{"# " + a.Alert, "## Meaning", "## Impact", "## First commands", "## Cause and action", "## When to silence"}
		if got := regexp.MustCompile(`(?m)^##? .*$`).FindAllString(string(text), -1); !slices.Equal(got, parts) {
			t.Errorf("%s: got parts %q, want %q", name, got, parts)
		}
	}
	files, err := os.ReadDir(filepath.Join("docs", "runbooks"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !pages[f.Name()] && f.Name() != "README.md" {
			t.Errorf("docs/runbooks/%s belongs to no alert", f.Name())
		}
	}
}

// ready is the metric that says which alerts have the fields they need.
const ready = "flowd_rule_ready"

// TestReadyRulesAreAlerts holds the names of flowd_rule_ready against the rule files.
func TestReadyRulesAreAlerts(t *testing.T) {
	totals, err := metrics.New(metrics.DefaultConfig(), time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	r := client.NewPedanticRegistry()
	r.MustRegister(metrics.NewRuleReady(totals))
	families, err := r.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != ready || len(families[0].Metric) == 0 {
		t.Fatalf("got %v, %v, want %s", families, err, ready)
	}
	names := map[string]bool{}
	for _, a := range alerts(t) {
		names[a.Alert] = true
	}
	for _, m := range families[0].Metric {
		if name := m.Label[0].GetValue(); !names[name] {
			t.Errorf("%s names %s, which is no alert", ready, name)
		}
	}
}
