package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// board is the part of a Grafana dashboard (the classic model, as files and side-cars provision it) that the tests look at.
type board struct {
	file          string
	ID            *int
	UID           string
	Title         string
	Description   string
	SchemaVersion int `json:"schemaVersion"`
	Time          struct{ From, To string }
	Links         []boardLink
	Annotations   struct{ List []boardAnnotation }
	Templating    struct{ List []boardVariable }
	Panels        []boardPanel
}

type boardLink struct {
	Title, URL, Type string
	KeepTime         bool `json:"keepTime"`
	IncludeVars      bool `json:"includeVars"`
}

type boardSource struct{ Type, UID string }

type boardAnnotation struct {
	Name, Expr string
	BuiltIn    int `json:"builtIn"`
	Datasource boardSource
}

type boardVariable struct {
	Name, Type, Definition, Description string
	Datasource                          *boardSource
	Query                               json.RawMessage
	Options                             []struct{ Value string }
}

type boardPanel struct {
	ID                       int
	Type, Title, Description string
	Datasource               *boardSource
	GridPos                  struct{ X, Y, W, H int } `json:"gridPos"`
	FieldConfig              struct {
		Defaults struct {
			Unit       string
			Thresholds struct{ Steps []struct{ Color string } }
		}
	} `json:"fieldConfig"`
	Links   []boardLink
	Targets []boardTarget
}

type boardTarget struct {
	RefID      string `json:"refId"`
	Expr       string
	Instant    bool
	Datasource *boardSource
}

// boards reads every dashboard, as Grafana would.
func boards(t *testing.T) []board {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "deploy", "grafana", "dashboards", "*.json"))
	if err != nil || len(files) < 5 {
		t.Fatalf("dashboards: %v, %v; want five or more", files, err)
	}
	var all []board
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b, err := readBoard(filepath.Base(file), text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

func readBoard(file string, text []byte) (board, error) {
	b := board{file: file}
	if err := json.Unmarshal(text, &b); err != nil {
		return b, fmt.Errorf("%s: %w", file, err)
	}
	var canonical bytes.Buffer
	if err := json.Indent(&canonical, bytes.TrimSpace(text), "", "  "); err != nil {
		return b, fmt.Errorf("%s: %w", file, err)
	}
	if canonical.String()+"\n" != string(text) {
		return b, fmt.Errorf("%s: not indented by two spaces, as Grafana exports it: differences could not be read", file)
	}
	return b, nil
}

// tiles are the panels that show something: a row is a heading.
func (b *board) tiles() []boardPanel {
	return slices.DeleteFunc(slices.Clone(b.Panels), func(p boardPanel) bool { return p.Type == "row" })
}

// faults collects what is wrong, each with its place.
type faults struct {
	place string
	found []string
}

func (f *faults) check(ok bool, format string, args ...any) {
	if !ok {
		f.found = append(f.found, f.place+": "+fmt.Sprintf(format, args...))
	}
}

const (
	sourceVariable = "${datasource}"
	gridWidth      = 24
)

// structure says what is wrong with a dashboard by itself. uids are those of all dashboards.
func (b *board) structure(uids []string) []string {
	f := &faults{place: b.file}
	f.check(b.ID == nil, "it has an id, which belongs to one Grafana")
	f.check(b.SchemaVersion >= 39 && b.SchemaVersion <= 42, "schema version %d is not one of 39 to 42", b.SchemaVersion)
	f.check(b.UID != "" && b.Title != "" && b.Description != "", "it needs uid, title and description")
	for _, other := range uids {
		linked := slices.ContainsFunc(b.Links, func(l boardLink) bool { return l.URL == "/d/"+other && l.KeepTime && l.IncludeVars })
		f.check(other == b.UID || linked, "no link to %s that keeps time and variables", other)
	}
	b.checkLinks(f, b.Links, uids)
	b.checkVariables(f)
	for _, a := range b.Annotations.List {
		f.check(a.BuiltIn == 1 || a.Datasource.UID == sourceVariable, "annotation %s has another data source than the variable", a.Name)
	}
	ids := map[int]bool{}
	for i, p := range b.Panels {
		f.place = fmt.Sprintf("%s, panel %d %q", b.file, p.ID, p.Title)
		f.check(p.ID > 0 && !ids[p.ID], "its id is not its own")
		ids[p.ID] = true
		checkPlace(f, p, b.Panels[:i])
		if p.Type != "row" {
			checkPanel(f, p)
			b.checkLinks(f, p.Links, uids)
		}
	}
	return f.found
}

func (b *board) checkVariables(f *faults) {
	vs := b.Templating.List
	f.check(len(vs) > 1 && vs[0].Type == "datasource" && vs[0].Name == "datasource", "the first variable is not the data source")
	for _, v := range vs {
		f.check(v.Description != "", "variable %s has no description", v.Name)
		f.check(v.Type != "query" || v.Datasource != nil && v.Datasource.UID == sourceVariable, "variable %s has another data source than the variable", v.Name)
	}
}

// checkLinks wants every link to lead to a dashboard that is here.
func (b *board) checkLinks(f *faults, links []boardLink, uids []string) {
	for _, l := range links {
		uid, ours := strings.CutPrefix(l.URL, "/d/")
		uid, _, _ = strings.Cut(uid, "?")
		f.check(ours && slices.Contains(uids, uid), "link %q leads to no dashboard of flowd: %s", l.Title, l.URL)
		f.check(uid != b.UID, "link %q leads to where it stands", l.Title)
	}
}

func checkPlace(f *faults, p boardPanel, before []boardPanel) {
	g := p.GridPos
	f.check(g.W > 0 && g.H > 0 && g.X >= 0 && g.Y >= 0 && g.X+g.W <= gridWidth, "it does not fit into %d columns: %+v", gridWidth, g)
	for _, o := range before {
		apart := g.X >= o.GridPos.X+o.GridPos.W || o.GridPos.X >= g.X+g.W || g.Y >= o.GridPos.Y+o.GridPos.H || o.GridPos.Y >= g.Y+g.H
		f.check(apart, "it overlaps %q", o.Title)
	}
}

// panelTypes are those that every Grafana since 10 has.
func panelTypes() []string {
	return []string{"stat", "timeseries", "table", "bargauge", "state-timeline", "heatmap"}
}

func checkPanel(f *faults, p boardPanel) {
	f.check(slices.Contains(panelTypes(), p.Type), "its type is %s", p.Type)
	f.check(p.Title != "" && strings.HasSuffix(p.Description, "."), "it needs a title, and a description in sentences")
	f.check(p.FieldConfig.Defaults.Unit != "", "it has no unit")
	f.check(len(p.FieldConfig.Defaults.Thresholds.Steps) > 0, "it has no thresholds")
	f.check(p.Datasource != nil && p.Datasource.UID == sourceVariable, "its data source is not the variable")
	f.check(len(p.Targets) > 0, "it asks nothing")
	refs := map[string]bool{}
	for _, q := range p.Targets {
		f.check(q.RefID != "" && !refs[q.RefID], "the reference of query %q is not its own", q.RefID)
		f.check(q.Expr != "" && q.Datasource != nil && q.Datasource.UID == sourceVariable, "query %s has no expression, or another data source than the variable", q.RefID)
		refs[q.RefID] = true
	}
}

func uidsOf(all []board) []string {
	var uids []string
	for _, b := range all {
		uids = append(uids, b.UID)
	}
	return uids
}

func TestDeployBoardsAreSound(t *testing.T) {
	all := boards(t)
	uids, panels := uidsOf(all), 0
	if unique := slices.Compact(slices.Sorted(slices.Values(uids))); len(unique) != len(uids) {
		t.Errorf("uids are not unique: %v", uids)
	}
	for _, b := range all {
		panels += len(b.tiles())
		for _, fault := range b.structure(uids) {
			t.Error(fault)
		}
	}
	if panels < 60 {
		t.Errorf("only %d panels", panels)
	}
	t.Logf("%d dashboards, %d panels", len(all), panels)
}

// TestDeployBoardsThatAreBrokenAreFound breaks the overview in each way that the walk is for.
func TestDeployBoardsThatAreBrokenAreFound(t *testing.T) {
	text, uids := deployed(t, "grafana/dashboards/overview.json"), uidsOf(boards(t))
	known := exported{"flowd_flow_records_total": {kind: "counter", labels: []string{"action"}}}
	for _, c := range []struct{ was, is, fault string }{
		{`"x": 4,`, `"x": 3,`, "overlaps"},
		{`"x": 20,`, `"x": 21,`, "does not fit"},
		{`"id": 2,`, `"id": 1,`, "id is not its own"},
		{`"unit": "recps"`, `"unit": ""`, "no unit"},
		{`"thresholds":`, `"limits":`, "no thresholds"},
		{`"description": "Flow log records`, `"about": "Flow log records`, "needs a title, and a description"},
		{`"uid": "${datasource}"`, `"uid": "prometheus-1"`, "another data source"},
		{`"url": "/d/flowd-rejects"`, `"url": "/d/flowd-gone"`, "no link to flowd-rejects"},
		{`/d/flowd-talkers?`, `/d/flowd-gone?`, "leads to no dashboard"},
		{`"schemaVersion": 39`, `"schemaVersion": 16`, "schema version 16"},
		{`"refId": "B"`, `"refId": "A"`, "reference of query"},
		{`"type": "timeseries"`, `"type": "graph"`, "its type is graph"},
		{`flowd_flow_records_total{`, `flowd_flows_total{`, "flowd_flows_total is not exported"},
		{`account_id=~\"$account_id\"`, `account=~\"$account_id\"`, "has no label account"},
		{`[$window]`, `[$__rate_interval]`, "window [$__rate_interval]"},
		{`[$window]`, `[5m]`, "window [5m]"},
		{`vpc_id=~\"$vpc_id\"`, `vpc_id=~\"$vpc\"`, "variable $vpc is not defined"},
		{`@ end()`, ``, "topk"},
		{`"value": "15m"`, `"value": "5m"`, "window of 5m"},
	} {
		broken := strings.ReplaceAll(text, c.was, c.is)
		b, err := readBoard("broken.json", []byte(broken))
		if err != nil || broken == text {
			t.Fatalf("breaking %s: %v, changed %t", c.was, err, broken != text)
		}
		found := append(b.structure(uids), b.questions(known)...)
		if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, c.fault) }) {
			t.Errorf("%s instead of %s: found %q, want a fault with %q", c.is, c.was, found, c.fault)
		}
	}
	if _, err := readBoard("broken.json", []byte(strings.Replace(text, "  ", "\t", 1))); err == nil {
		t.Error("a dashboard that is formatted otherwise passed")
	}
}
