package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// TestPrometheusStoresTheGoldenTotalsAcrossRestarts lets a real Prometheus scrape flowd from its start, through a stop and a kill with the same
// state, and holds what it stored against the golden totals. Nobody else reads /metrics meanwhile.
//
// Compared are, for every durable series: the first stored sample, which must be 0; what the counter grew by over the stored samples, which
// must be the golden total exactly; increase() over the run, which may be more than that by what it extrapolates to the end of the range, at
// most about one scrape; and resets(), which must be 0.
func TestPrometheusStoresTheGoldenTotalsAcrossRestarts(t *testing.T) {
	t.Parallel()
	s, tr := newSite(t, "increase"), newTraffic(t, 11)
	flags := s.flags(t.TempDir())
	p := startPrometheus(t, flags["web.listen-address"])
	d := s.start(flags)
	p.untilScraped()
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		before := d.status().Totals.Objects
		tr.deliver(s, 4)
		d.untilMore(before)
		d.signal(end)
		d.end()
		tr.deliver(s, 2) // While nobody reads.
		d = s.start(flags)
	}
	tr.deliver(s, 3)
	s.untilQuiet(d)
	h := p.untilEqual(tr, d)
	p.checkIncrease(h)
	p.checkResets(h)
}

// untilEqual waits until the stored samples are the golden totals. It looks once after each scrape.
func (p *prometheus) untilEqual(tr *traffic, d *flowd) history {
	p.t.Helper()
	var h history
	var looked float64
	tr.untilEqual(d, func() samples {
		if last := p.lastScrape(); last != looked {
			looked, h = last, p.history()
		}
		return h.totals()
	})
	return h
}

// checkIncrease asks for increase() half a scrape after the last sample, so that there is something to extrapolate. Every series begins at 0, so
// increase() adds nothing before it; behind the last sample it adds at most 1.1 mean intervals of n samples.
func (p *prometheus) checkIncrease(h history) {
	p.t.Helper()
	at, checked := h.end()+0.5, 0
	for _, family := range stepping() {
		increases := p.query("increase("+family+window+")", at)
		for k, values := range h {
			labels, ours := strings.CutPrefix(k, family+"{")
			if !ours {
				continue
			}
			if values[0].value != 0 {
				p.t.Errorf("first sample of %s: got %v, want 0", k, values[0].value)
			}
			if len(values) < 2 { // One sample is no range.
				continue
			}
			checked++
			least := raw(values)
			most := least * (1 + 1.1/float64(len(values)-1))
			if got := increases["{"+labels]; len(got) != 1 || got[0].value < least*(1-1e-9) || got[0].value > most*(1+1e-9) {
				p.t.Errorf("increase() of %s: got %v, want between %v and %v", k, got, least, most)
			}
		}
	}
	if checked < len(stepping()) {
		p.t.Errorf("series of which increase() was asked: got %d, want at least one of each of %d families", checked, len(stepping()))
	}
}

// checkResets asks for resets(). A member that left its ranking and came back starts at 0; that is no step back, and shows in `_departed_`.
func (p *prometheus) checkResets(h history) {
	p.t.Helper()
	for _, family := range stepping() {
		resets := p.query("resets("+family+window+")", h.end()+0.5)
		if len(resets) == 0 {
			p.t.Errorf("resets() of %s: got no series", family)
		}
		for labels, got := range resets {
			if got[0].value != 0 && !h.departed(family) {
				p.t.Errorf("resets() of %s%s: got %v, want 0", family, labels, got[0].value)
			}
		}
	}
}

// departed says whether a family is a ranking that members have left.
func (h history) departed(family string) bool {
	for _, r := range ranked() {
		if values := h[r[0]+"_departed"+r[1]+"{}"]; family == r[0]+r[1] && len(values) > 0 {
			return values[len(values)-1].value > 0
		}
	}
	return false
}

// stepping are the durable families under the names that Prometheus stores: a histogram is three.
func stepping() []string {
	var names []string
	for _, family := range durable() {
		if family == "flowd_record_age_seconds" {
			names = append(names, family+"_bucket", family+"_sum", family+"_count")
			continue
		}
		names = append(names, family)
	}
	return names
}
