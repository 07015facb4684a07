package flowd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// target are labels and series that Prometheus makes.
func target() []string { return []string{"job", "instance", "pod"} }

// exported reads docs/metrics.md, which is generated from the registry: metric → labels.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(flowd_[a-z_]+)` \\| [a-z]+ \\| ([^|]*) \\|").FindAllStringSubmatch(string(text), -1) {
		all[row[1]] = nil
		for _, label := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[2], -1) {
			all[row[1]] = append(all[row[1]], label[1])
		}
	}
	if len(all) < 40 {
		t.Fatalf("docs/metrics.md: got %d metrics, want at least 40", len(all))
	}
	return all
}

var (
	metricName = regexp.MustCompile(`\b(?:[a-z_]+:)?[a-z]+_[a-z0-9_]+(?::[a-z0-9_]+)?\b|\bup\b`)
	selector   = regexp.MustCompile(`(\b[a-z_]+(?::[a-z_]+:[a-z0-9]+)?)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"`)
	grouping   = regexp.MustCompile(`\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	functions  = regexp.MustCompile(`\b[a-z_]+\s*\(`)
	quoted     = regexp.MustCompile(`"[^"]*"`)
)

// TestRulesNameWhatFlowdExports walks every expression: metrics, labels, and the values of labels that a page lists.
func TestRulesNameWhatFlowdExports(t *testing.T) {
	known, used, recorded := exported(t), map[string]bool{}, map[string]bool{"up": true}
	all := rules(t)
	for _, r := range all {
		if r.Record != "" {
			recorded[r.Record] = true
		}
	}
	looked := 0
	for _, r := range all {
		for _, name := range namesIn(r.Expr) {
			looked++
			used[name] = true
			if _, ok := known[name]; !ok && !recorded[name] {
				t.Errorf("%s%s: nothing exports or records %s", r.Record, r.Alert, name)
			}
		}
		for _, label := range labelsIn(r.Expr, known) {
			looked++
			t.Errorf("%s%s: %s", r.Record, r.Alert, label)
		}
	}
	if looked < 100 {
		t.Errorf("looked at %d names, want at least 100", looked)
	}
	for name := range recorded {
		if !used[name] {
			t.Errorf("%s is recorded, and no rule uses it", name)
		}
	}
}

// namesIn are the metrics of an expression: its words with an underscore that are neither labels nor functions.
func namesIn(expr string) []string {
	expr = quoted.ReplaceAllString(expr, `""`)
	expr = regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(expr, "")
	expr = grouping.ReplaceAllString(expr, "")
	expr = functions.ReplaceAllString(expr, "(")
	return metricName.FindAllString(expr, -1)
}

// labelsIn says what is wrong with the labels of an expression: each must be a label of the metric that it selects, or of some metric of the
// expression where it groups.
func labelsIn(expr string, known map[string][]string) (wrong []string) {
	for _, s := range selector.FindAllStringSubmatch(expr, -1) {
		labels, exported := known[s[1]]
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			if exported && !slices.Contains(labels, m[1]) {
				wrong = append(wrong, s[1]+" has no label "+m[1])
			}
		}
	}
	var any []string
	for _, labels := range known {
		any = append(any, labels...)
	}
	any = append(any, append(target(), "term")...)
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for _, label := range strings.FieldsFunc(g[2], func(r rune) bool { return r == ',' || r == ' ' }) {
			if !slices.Contains(any, label) {
				wrong = append(wrong, "no metric has a label "+label)
			}
		}
	}
	return wrong
}

// TestRuleNamesAreFound is for the test above: what it does not find it cannot check.
func TestRuleNamesAreFound(t *testing.T) {
	const expr = `sum by (job) (rate(flowd_a_total{x="flowd_b"}[5m])) / on (job) group_left () vpc:flowd_c:rate5m and on (nosuch) up > 0`
	if got, want := namesIn(expr), []string{"flowd_a_total", "vpc:flowd_c:rate5m", "up"}; !slices.Equal(got, want) {
		t.Errorf("got metrics %q, want %q", got, want)
	}
	known := map[string][]string{"flowd_a_total": {"y"}}
	if got, want := labelsIn(expr, known), []string{"flowd_a_total has no label x", "no metric has a label nosuch"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
