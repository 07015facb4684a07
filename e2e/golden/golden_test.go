package golden

import (
	"slices"
	"strings"
	"testing"
	"time"

	"flowd/internal/flowgen"
	"flowd/pkg/metrics"
)

func goldenTotals(t *testing.T) *flowgen.Totals {
	t.Helper()
	g, err := flowgen.New(flowgen.Config{Seed: 1, RecordsPerObject: 50, Interfaces: 24, Ports: metrics.DefaultPorts()})
	if err != nil {
		t.Fatal(err)
	}
	var all flowgen.Totals
	for range 20 {
		all.Merge(g.Object(time.Now()).Totals)
	}
	return &all
}

// exact is a scrape that agrees with the golden totals: rankings have a member, and the rest under other.
func exact(g *flowgen.Totals) Samples {
	s := expected(g)
	for _, r := range rankings(g) {
		s[Series(r.families[0], "of", "somebody")], s[r.families[1]], s[r.families[2]] = 7, float64(r.saw)-12, 5
	}
	s["flowd_record_age_seconds_sum"], s["go_goroutines"] = 1234, 12
	return s
}

func TestNothingDiffersFromTheGoldenTotalsInAnExactScrape(t *testing.T) {
	g := goldenTotals(t)
	if sum, first := Difference(g, exact(g)); sum != 0 {
		t.Errorf("difference: got %v, %s, want 0", sum, first)
	}
	if sum, first := SumDifference(g, exact(g)); sum != 0 {
		t.Errorf("difference of the sums: got %v, %s, want 0", sum, first)
	}
}

func TestEveryWrongSeriesIsADifference(t *testing.T) {
	g, looked := goldenTotals(t), 0
	for name := range exact(g).Durable() {
		if !isComparable(name) && !strings.HasPrefix(name, "flowd_top_") {
			continue
		}
		s := exact(g)
		s[name] += 3
		if sum, first := Difference(g, s); sum != 3 || first == "" {
			t.Errorf("difference when %s is 3 more: got %v, %q, want 3 and its name", name, sum, first)
		}
		if sum, _ := SumDifference(g, s); sum != 3 {
			t.Errorf("difference of the sums when %s is 3 more: got %v, want 3", name, sum)
		}
		looked++
	}
	if looked < 100 {
		t.Errorf("series looked at: got %d, want at least 100", looked)
	}
}

func TestASeriesThatNobodyGeneratedIsADifference(t *testing.T) {
	g := goldenTotals(t)
	s := exact(g)
	s[`flowd_records_malformed_total{reason="panic"}`] = 2
	if sum, _ := Difference(g, s); sum != 2 {
		t.Errorf("difference: got %v, want 2", sum)
	}
}

func TestEveryDurableFamilyIsCompared(t *testing.T) {
	compared := map[string]bool{}
	for s := range exact(goldenTotals(t)) {
		compared[family(s)] = true
	}
	compared["flowd_late_records_total"] = true // Whether a record is late depends on when it came, which no generator knows.
	names := metrics.Durable()
	if missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return compared[name] }); len(missing) > 0 || len(names) < 25 {
		t.Errorf("durable families without golden totals: got %v of %d, want none of at least 25", missing, len(names))
	}
}
