package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"flowd/internal/remotewrite"
)

// exported is what a scrape of flowd has, and what Prometheus adds to it: name as it is stored → type and labels.
type exported map[string]exportedMetric

type exportedMetric struct {
	kind   string // counter or gauge; the parts of a histogram are counters.
	labels []string
}

// exportedBy adds to the families of a scrape what Prometheus itself stores for each target and alert.
func exportedBy(t *testing.T, all []*dto.MetricFamily) exported {
	t.Helper()
	e := exported{
		"up": {"gauge", nil}, "scrape_duration_seconds": {"gauge", nil},
		"ALERTS": {"gauge", []string{"alertname", "alertstate", "severity", "vpc_id", "interface_id"}},
	}
	for _, f := range all {
		labels := map[string]bool{}
		for _, m := range f.Metric {
			for _, l := range m.Label {
				labels[l.GetName()] = true
			}
		}
		names := slices.Sorted(maps.Keys(labels))
		switch f.GetType() {
		case dto.MetricType_HISTOGRAM:
			e[f.GetName()+"_bucket"] = exportedMetric{"counter", append(names, "le")}
			e[f.GetName()+"_sum"], e[f.GetName()+"_count"] = exportedMetric{"counter", names}, exportedMetric{"counter", names}
		case dto.MetricType_COUNTER:
			e[f.GetName()] = exportedMetric{"counter", names}
		default:
			e[f.GetName()] = exportedMetric{"gauge", names}
		}
	}
	return e
}

// reference is a metric that an expression names, the labels that it asks of it, and the range.
type reference struct {
	metric string
	labels []string
	window string // In brackets; empty if there is none.
}

var (
	remark    = regexp.MustCompile(`#[^\n"]*`)
	literal   = regexp.MustCompile(`"[^"]*"`)
	grouping  = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	selector  = regexp.MustCompile(`[0-9][\w.]*|([a-zA-Z_:][\w:]*)(\s*\()?(\{[^}]*\})?(\[[^\]]*\])?`)
	matcher   = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	used      = regexp.MustCompile(`\$\{?(\w+)`)
	selection = regexp.MustCompile(`^label_values\(([^{,]+)(\{.*\})?, (\w+)\)$`)
	onGraph   = regexp.MustCompile(`topk\(\d+, `)
	subquery  = regexp.MustCompile(`\)\s*\[[^\]]*:[^\]]*\]`)
)

func wordsOfQL() []string { return []string{"and", "or", "unless", "bool", "offset"} }

// ofTheirOwn are labels that Prometheus adds to every series.
func ofTheirOwn() []string { return []string{"job", "instance"} }

// references reads an expression of PromQL far enough to know what it names. The end-to-end suite parses them all.
func references(expr string) (all []reference, groups []string) {
	expr = subquery.ReplaceAllString(literal.ReplaceAllString(remark.ReplaceAllString(expr, ""), `""`), ")")
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		groups = append(groups, strings.FieldsFunc(g[1], func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	for _, m := range selector.FindAllStringSubmatch(grouping.ReplaceAllString(expr, " "), -1) {
		if name := m[1]; name == "" || m[2] != "" || slices.Contains(wordsOfQL(), name) {
			continue
		}
		r := reference{metric: m[1], window: m[4]}
		for _, l := range matcher.FindAllStringSubmatch(m[3], -1) {
			r.labels = append(r.labels, l[1])
		}
		all = append(all, r)
	}
	return all, groups
}

// asked checks one expression. A counter of flowd moves in bursts when objects arrive, so its window must span several deliveries.
func (e exported) asked(f *faults, expr string) {
	all, groups := references(expr)
	f.check(len(all) > 0, "it names no metric: %s", expr)
	labels := slices.Clone(ofTheirOwn())
	for _, r := range all {
		m, there := e[r.metric]
		f.check(there, "%s is not exported", r.metric)
		labels = append(labels, m.labels...)
		for _, l := range r.labels {
			f.check(!there || slices.Contains(m.labels, l) || slices.Contains(ofTheirOwn(), l), "%s has no label %s", r.metric, l)
		}
		f.check(m.kind != "counter" || r.window != "", "%s is a counter, and nothing says over which time", r.metric)
		f.check(m.kind != "counter" || !strings.HasPrefix(r.metric, "flowd_") || patient(r.window), "%s with a window %s: it moves when objects arrive, so at least 15 minutes", r.metric, r.window)
	}
	for _, l := range groups {
		f.check(slices.Contains(labels, l), "nothing in it has the label %s: %s", l, expr)
	}
}

const leastWindow = 15 * time.Minute

func patient(window string) bool {
	window = strings.Trim(window, "[]")
	if window == "$window" || window == "$__range" {
		return true
	}
	d, err := time.ParseDuration(strings.Replace(window, "1d", "24h", 1))
	return err == nil && d >= leastWindow
}

// questions says what is wrong with what a dashboard asks.
func (b *board) questions(e exported) []string {
	f := &faults{place: b.file}
	b.checkSelections(f, e)
	for _, a := range b.Annotations.List {
		if f.place = b.file + ", annotation " + a.Name; a.BuiltIn == 0 {
			b.checkUsed(f, a.Expr)
			all, _ := references(a.Expr)
			for _, r := range all {
				f.check(e[r.metric].kind != "", "%s is not exported", r.metric)
			}
		}
	}
	for _, p := range b.tiles() {
		for _, q := range p.Targets {
			f.place = fmt.Sprintf("%s, panel %d %q, query %s", b.file, p.ID, p.Title, q.RefID)
			e.asked(f, q.Expr)
			b.checkUsed(f, q.Expr)
			pinned := strings.Count(q.Expr, "@ end()") == len(onGraph.FindAllString(q.Expr, -1))
			f.check(q.Instant || pinned, "topk in a graph picks others in every step: choose by the whole range, @ end()")
		}
	}
	return f.found
}

func (b *board) checkUsed(f *faults, expr string) {
	for _, u := range used.FindAllStringSubmatch(expr, -1) {
		defined := slices.ContainsFunc(b.Templating.List, func(v boardVariable) bool { return v.Name == u[1] })
		f.check(defined || slices.Contains([]string{"__range", "__rate_interval"}, u[1]), "variable $%s is not defined", u[1])
	}
}

// checkSelections wants each variable to offer values of a label that is exported, and no window that is too short.
func (b *board) checkSelections(f *faults, e exported) {
	for _, v := range b.Templating.List {
		f.place = b.file + ", variable " + v.Name
		if v.Type == "interval" {
			for _, o := range v.Options {
				f.check(patient(o.Value), "it offers a window of %s", o.Value)
			}
		}
		if v.Type != "query" {
			continue
		}
		var query struct{ Query string }
		f.check(json.Unmarshal(v.Query, &query) == nil && query.Query == v.Definition, "its query is not its definition")
		parts := selection.FindStringSubmatch(v.Definition)
		if f.check(parts != nil, "cannot read %s", v.Definition); parts == nil {
			continue
		}
		e.asked(f, parts[1]+parts[2]+"[$window]")
		f.check(slices.Contains(append(e[parts[1]].labels, ofTheirOwn()...), parts[3]), "%s has no label %s", parts[1], parts[3])
		b.checkUsed(f, parts[2])
	}
}

// TestDeployBoardsAskForWhatIsExported holds every expression against the scrape of a service that has counted something of everything.
func TestDeployBoardsAskForWhatIsExported(t *testing.T) {
	t.Parallel()
	all := serviceFamilies(t)
	e, asked, metrics := exportedBy(t, all), 0, map[string]bool{}
	for _, b := range boards(t) {
		for _, fault := range b.questions(e) {
			t.Error(fault)
		}
		for _, p := range b.tiles() {
			for _, q := range p.Targets {
				asked++
				refs, _ := references(q.Expr)
				for _, r := range refs {
					metrics[r.metric] = true
				}
			}
		}
	}
	for _, f := range all {
		if name := f.GetName(); strings.HasPrefix(name, "flowd_") && !metrics[name] && !metrics[name+"_bucket"] {
			t.Errorf("%s is on no panel", name)
		}
	}
	if asked < 100 {
		t.Errorf("only %d queries", asked)
	}
	t.Logf("%d queries, %d metrics", asked, len(metrics))
}

// serviceFamilies is a scrape of a service that has counted something of everything.
func serviceFamilies(t *testing.T) []*dto.MetricFamily {
	t.Helper()
	a := newAccount(t)
	endpoints, err := remotewrite.Read(strings.NewReader("remote_write: [{url: http://127.0.0.1:1/write}]"), "example")
	if err != nil {
		t.Fatal(err)
	}
	a.demo.service.RemoteWrite = endpoints
	s, stop := a.serve()
	defer stop()
	a.demo.generator.Spike(1)
	a.deliver(12)
	a.untilEqual(s)
	s.totals.QueueEmpty(time.Now(), true) // As it is; the receive that would find out may take 20 seconds.
	a.until("the flow log to be complete up to some time", func() bool { return s.totals.EventTime().CompleteUntil > 0 })
	return families(t, s.registry)
}
