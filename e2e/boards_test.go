package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// board is the part of a Grafana dashboard that asks Prometheus for something.
type board struct {
	Title       string
	Annotations struct {
		List []struct{ Name, Expr string }
	}
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
	Panels []struct {
		Title   string
		Targets []struct {
			RefID   string `json:"refId"`
			Expr    string
			Instant bool
		}
	}
}

// question is a query of a panel.
type question struct {
	place, expr string
	instant     bool
}

func boards(t *testing.T) []board {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "deploy", "grafana", "dashboards", "*.json"))
	if err != nil || len(files) < 5 {
		t.Fatalf("dashboards: %v, %v; want five or more", files, err)
	}
	all := make([]board, len(files))
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &all[i]); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return all
}

// questions are all queries of all panels, as Grafana sends them while every choice is at All.
func questions(t *testing.T) (all []question) {
	t.Helper()
	for _, b := range boards(t) {
		choices := map[string]string{"__range": "1h", "__rate_interval": "15s"}
		for _, v := range b.Templating.List {
			choices[v.Name] = map[string]string{"query": ".*", "interval": "15m"}[v.Type]
		}
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				all = append(all, question{b.Title + ", " + p.Title + ", query " + q.RefID, chosen(q.Expr, choices), q.Instant})
			}
		}
	}
	if len(all) < 100 {
		t.Fatalf("only %d queries", len(all))
	}
	return all
}

var variable = regexp.MustCompile(`\$\{?(\w+)\}?`)

// chosen fills in variables. One that is not known stays, and Prometheus does not understand it.
func chosen(text string, choices map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(use string) string {
		if value, known := choices[variable.FindStringSubmatch(use)[1]]; known && value != "" {
			return value
		}
		return use
	})
}

func TestEveryExpressionOfTheDashboardsParses(t *testing.T) {
	parsed, language := 0, parser.NewParser(parser.Options{})
	parse := func(place, expr string) {
		e, err := language.ParseExpr(expr)
		if err != nil {
			t.Errorf("%s: %v: %s", place, err, expr)
			return
		}
		if parsed++; e.Type() != parser.ValueTypeVector {
			t.Errorf("%s yields a %s, and a panel shows a vector: %s", place, e.Type(), expr)
		}
	}
	for _, q := range questions(t) {
		parse(q.place, q.expr)
	}
	for _, b := range boards(t) {
		for _, a := range b.Annotations.List {
			if a.Expr != "" {
				parse(b.Title+", annotation "+a.Name, chosen(a.Expr, map[string]string{"job": ".*", "instance": ".*"}))
			}
		}
	}
	t.Logf("%d expressions parsed", parsed)
}

// shorter makes the history that panels compare with short enough for a run of the suite. Nothing else of their queries is changed.
func shorter(expr string) string {
	return strings.NewReplacer("offset 1w", "offset 2s", "offset 1d", "offset 2s", "[1d:15m]", "[1m:1s]").Replace(expr)
}

// empty says why a query may yield nothing here; everything else must yield something.
func empty(q question) (why string) {
	if strings.Contains(q.expr, "flowd_remote_write_") {
		return "the demo writes nowhere"
	}
	if strings.Contains(q.expr, "flowd_ledger_horizon_timestamp_seconds") {
		return "the ledger forgets rows after 30 days, and has no horizon before"
	}
	return ""
}

// alwaysFiring stands for the rules, none of which fires while all is well.
const alwaysFiring = `{groups: [{name: a, rules: [{alert: FlowdAlways, expr: "vector(1)", labels: {severity: info}}]}]}`

// TestEveryPanelAndVariableHasData asks a real Prometheus that scrapes a real flowd what Grafana would ask it.
func TestEveryPanelAndVariableHasData(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	p := startPrometheusWith(t, address, alwaysFiring)
	d := demo(t, address, "--interval=300ms")
	p.untilScraped()
	all, exempt := questions(t), map[string]string{}
	left := slices.DeleteFunc(slices.Clone(all), func(q question) bool {
		if why := empty(q); why != "" {
			exempt[q.place] = why
		}
		return empty(q) != ""
	})
	defer func() {
		for _, q := range left {
			t.Errorf("no data: %s: %s", q.place, q.expr)
		}
	}()
	d.until("every panel to have data", func() bool {
		left = slices.DeleteFunc(left, p.answers)
		return len(left) == 0
	})
	variables := p.checkVariables()
	d.checkSelectors(all)
	t.Logf("%d queries and %d variables have data; exempt: %v", len(all)-len(exempt), variables, slices.Sorted(maps.Keys(exempt)))
}

// answers says whether a query yields a number. One that Prometheus refuses yields none: another test says what is wrong with it.
func (p *prometheus) answers(q question) bool {
	p.t.Helper()
	if _, err := parser.NewParser(parser.Options{}).ParseExpr(q.expr); err != nil {
		return false
	}
	step := ""
	if !q.instant {
		step = "1s"
	}
	for _, values := range p.queryRange(shorter(q.expr), step) {
		for _, v := range values {
			if v.value-v.value == 0 { // Neither NaN nor infinite.
				return true
			}
		}
	}
	return false
}

// checkVariables asks for the values of every variable, those before it chosen as its first visitor might: the first value of each.
func (p *prometheus) checkVariables() (checked int) {
	p.t.Helper()
	definition := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
	for _, b := range boards(p.t) {
		choices := map[string]string{}
		for _, v := range b.Templating.List {
			if v.Type != "query" {
				continue
			}
			parts := definition.FindStringSubmatch(v.Definition)
			if parts == nil {
				p.t.Fatalf("%s, variable %s: cannot read %s", b.Title, v.Name, v.Definition)
			}
			values := p.labelValues(parts[2], chosen(parts[1], choices))
			if checked++; len(values) == 0 {
				p.t.Errorf("%s, variable %s: no value of %s", b.Title, v.Name, v.Definition)
				continue
			}
			choices[v.Name] = values[0]
		}
	}
	if checked < 10 {
		p.t.Errorf("only %d variables", checked)
	}
	return checked
}

// checkSelectors holds every metric and label that a query names, as the parser of Prometheus reads it, against a scrape.
func (d *flowd) checkSelectors(all []question) {
	d.t.Helper()
	known, language, checked := d.labelsByMetric(), parser.NewParser(parser.Options{}), 0
	for _, q := range all {
		e, err := language.ParseExpr(q.expr)
		if err != nil {
			d.t.Fatalf("%s: %v", q.place, err)
		}
		parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
			s, ok := n.(*parser.VectorSelector)
			if !ok || slices.Contains([]string{"up", "scrape_duration_seconds", "ALERTS"}, s.Name) {
				return nil
			}
			if strings.HasPrefix(s.Name, "flowd_remote_write_") { // The demo writes nowhere; the walk of the boards knows their labels.
				return nil
			}
			checked++
			for _, m := range s.LabelMatchers {
				if !known[s.Name][m.Name] {
					d.t.Errorf("%s: no series of %s has the label %s", q.place, s.Name, m.Name)
				}
			}
			return nil
		})
	}
	if checked < len(all) {
		d.t.Errorf("only %d selectors in %d queries", checked, len(all))
	}
}

// labelsByMetric are the labels of a scrape, by the names under which Prometheus stores it, and those that Prometheus adds.
func (d *flowd) labelsByMetric() map[string]map[string]bool {
	d.t.Helper()
	known := map[string]map[string]bool{}
	for name, family := range d.families() {
		labels := map[string]bool{"__name__": true, "job": true, "instance": true}
		for _, m := range family.Metric {
			for _, l := range m.Label {
				labels[l.GetName()] = true
			}
		}
		known[name], known[name+"_bucket"] = labels, labels
	}
	return known
}

func TestAVariableThatIsNotKnownStays(t *testing.T) {
	got := chosen(`a{b="$one",c="${two}",d="$three"}[$__range]`, map[string]string{"one": "1", "two": "2", "__range": "1h"})
	if want := `a{b="1",c="2",d="$three"}[1h]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
