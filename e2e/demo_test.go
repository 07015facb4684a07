package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// demo is a running `flowd demo`: it has its own AWS endpoint, whatever the suite runs against.
func demo(t *testing.T, address string, args ...string) *flowd {
	t.Helper()
	return &flowd{launch(t, filepath.Join(binaries, "flowd"), append([]string{"demo", "--web.listen-address=" + address}, args...)...), "http://" + address}
}

func TestTheDemoEndsWithEqualTotals(t *testing.T) {
	t.Parallel()
	d := demo(t, freeAddress(t), "--duration=6s")
	if code := d.end(); code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
	goldenOf(t, d)
}

func TestTheDemoEndsWithEqualTotalsWhenItIsInterrupted(t *testing.T) {
	t.Parallel()
	d := demo(t, freeAddress(t), "--interval=500ms")
	d.until("objects to be counted", func() bool { return regexp.MustCompile(`objects [2-9]`).MatchString(d.stdout.String()) })
	d.until("every family to be in a scrape", func() bool { return len(d.missing()) == 0 })
	d.signal(os.Interrupt)
	if code := d.end(); code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
	goldenOf(t, d)
}

// TestPrometheusStoresTheGoldenTotalsOfTheDemo compares, for each family, the sum over its series of what the stored samples grew by with the
// golden column that the demo prints.
func TestPrometheusStoresTheGoldenTotalsOfTheDemo(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	p := startPrometheus(t, address)
	d := demo(t, address, "--duration=20s")
	if code := d.end(); code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
	golden, sums := goldenOf(t, d), map[string]float64{}
	h := p.history()
	for k, v := range h.totals() {
		family, _, _ := strings.Cut(k, "{")
		sums[family] += v
	}
	for _, family := range counted() {
		if got := sums[family]; got != golden[family] {
			t.Errorf("%s: Prometheus stored an increase of %v, and the demo wrote %v", family, got, golden[family])
		}
	}
	for _, r := range ranked() {
		name := r[0] + r[1]
		got := sums[name] + sums[r[0]+"_other"+r[1]] + sums[r[0]+"_departed"+r[1]]
		if want := golden[name+" + other + departed"]; got != want {
			t.Errorf("%s: Prometheus stored %v for members, other and departed, and the demo wrote %v", name, got, want)
		}
	}
	p.checkIncrease(h)
}

// row is a line of the table that the demo ends with: family, label sets, golden, counted, verdict.
var row = regexp.MustCompile(`(?m)^(flowd_\S+(?: \+ other \+ departed)?) +(\d+) +(\d+) +(\d+) +(.*\S) *$`)

// goldenOf reads the golden totals that the demo printed, and checks that those which it counted stand beside them for every durable family.
func goldenOf(t *testing.T, d *flowd) map[string]float64 {
	t.Helper()
	golden := map[string]float64{}
	for _, cells := range row.FindAllStringSubmatch(d.stdout.String(), -1) {
		family, want, got, verdict := cells[1], cells[3], cells[4], cells[5]
		if want != got || verdict != "equal" {
			t.Errorf("%s: golden %s, counted %s, %s; want equal", family, want, got, verdict)
		}
		n, err := strconv.ParseFloat(want, 64)
		if err != nil || n == 0 {
			t.Errorf("%s: golden total %s says nothing", family, want)
		}
		golden[family] = n
	}
	expected := counted()
	for _, r := range ranked() {
		expected = append(expected, r[0]+r[1]+" + other + departed")
	}
	for _, family := range expected {
		if _, there := golden[family]; !there {
			t.Errorf("%s is not in the comparison", family)
		}
	}
	if t.Failed() {
		t.Logf("the demo said:\n%s", d.stdout)
	}
	return golden
}
