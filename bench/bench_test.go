package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

func rounds(pairs ...[2]time.Duration) *race {
	r := &race{data: dataset{name: versionTwo, text: 100 * megabyte, records: 1_000_000, files: []string{"a"}}, peers: []peer{{name: flowdAnalyze}, {name: onlyKlaus}}}
	for _, p := range pairs {
		r.rounds = append(r.rounds, map[string]usage{flowdAnalyze: {cpu: p[0], memory: 20 * megabyte}, onlyKlaus: {cpu: p[1], memory: 10 * megabyte}})
	}
	return r
}

// TestRatiosAreTakenInsideOfARound has a machine whose speed changes from round to round: the ratio of the medians is 1.25.
func TestRatiosAreTakenInsideOfARound(t *testing.T) {
	r := rounds([2]time.Duration{1, 3}, [2]time.Duration{4, 12}, [2]time.Duration{5, 5})
	if got, ok := r.ratio(onlyKlaus, flowdAnalyze, usage.seconds); !ok || math.Abs(got-3) > 1e-9 {
		t.Errorf("got %v, %t, want 3", got, ok)
	}
	if got, ok := r.ratio(onlyZcat, flowdAnalyze, usage.seconds); ok {
		t.Errorf("a peer that did not run: got %v", got)
	}
}

func TestMedian(t *testing.T) {
	for want, all := range map[float64][]float64{0: nil, 2: {3, 1, 2}, 2.5: {4, 1, 2, 3}} {
		if got := median(all); got != want {
			t.Errorf("%v: got %v, want %v", all, got, want)
		}
	}
}

func TestTableOfARace(t *testing.T) {
	var out strings.Builder
	rounds([2]time.Duration{time.Second / 2, time.Second}).table(&out, 10*megabyte)
	for _, want := range []string{"| `flowd analyze` | 0.500 | 2.00 M | 200 | 20 | 1.00 |", "| inflate only: klauspost | 1.000 | 1.00 M | 100 | ≤ 10 | 2.00 |", "Medians of 1 round."} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %s\nwant %q in it", out.String(), want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	const promise = "| v2 | klauspost needs to inflate alone (goal 1.4) | ≥ 1 | "
	for _, c := range []struct {
		klauspost time.Duration
		size      int
		want      string
	}{{3, 100, promise + "1.50 | reached |"}, {1, 100, promise + "0.50 | **missed** |"}, {1, 2, promise + "0.50 | too little data to judge |"}} {
		var out strings.Builder
		verdicts(&out, []*race{rounds([2]time.Duration{2, c.klauspost})}, c.size)
		if !strings.Contains(out.String(), c.want) || strings.Count(out.String(), "not measured") != len(targets())-1 {
			t.Errorf("got %s\nwant %q in it, and the rest not measured", out.String(), c.want)
		}
	}
}

// TestEveryPromiseIsAboutAContender is against names that nobody has.
func TestEveryPromiseIsAboutAContender(t *testing.T) {
	names := map[string]bool{oneCore: true, twoCores: true, endToEnd: true}
	peers, err := tools{scripts: "scripts", duckdb: []string{"duckdb"}, missing: map[string]string{}}.field(dataset{name: versionTwo}, 0)
	if err != nil || len(peers) < 8 {
		t.Fatalf("got %d contenders, %v", len(peers), err)
	}
	for _, p := range peers {
		names[p.name] = true
	}
	for _, of := range targets() {
		if !names[of.fast] || !names[of.slow] && of.slow != onlyDeflate {
			t.Errorf("%q against %q: no such contender", of.slow, of.fast)
		}
	}
}
