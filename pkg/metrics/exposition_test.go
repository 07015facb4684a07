package metrics

import (
	"net/http"
	"testing"
)

// TestLabelsAreMadeOncePerList: they are used again while the label sets of a family stay, and a set that is new is in the next scrape.
func TestLabelsAreMadeOncePerList(t *testing.T) {
	s := newService(t, nil)
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	s.scrape()
	s.scrape()
	before := s.totals.expositions[familyPort].Load()
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	const accepted, rejected = "flowd_port_records_total{action=accept,dstport=443,protocol=tcp}", "flowd_port_records_total{action=reject,dstport=443,protocol=tcp}"
	if got := s.scrape()[accepted]; got != 2 {
		t.Errorf("got %v, want the counter of now, with labels of before", got)
	}
	if s.totals.expositions[familyPort].Load() != before {
		t.Error("the labels were made again, and no label set came or left")
	}
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "REJECT"))
	if got, ok := s.scrape()[rejected]; !ok || got != 0 {
		t.Errorf("got %v, %v; want a new label set at 0", got, ok)
	}
	if got := s.scrape(); got[rejected] != 1 || got[accepted] != 2 {
		t.Errorf("got %v rejected and %v accepted, want 1 and 2", got[rejected], got[accepted])
	}
}

// TestScrapeAllocatesLittle has a bound for each series, which those of client_golang's own constant metrics would break tenfold.
func TestScrapeAllocatesLittle(t *testing.T) {
	const interfaces, fixed = 500, 2000
	h := scrapeHandler(settled(t, newStore(), interfaceRecords(t, interfaces)))
	scrape := func() {
		if n := len(get(h, http.MethodGet, "/metrics")); n < 300*interfaces {
			t.Fatalf("the scrape has only %d bytes", n)
		}
	}
	scrape()
	const series = 3 * interfaces
	if got := testing.AllocsPerRun(5, scrape); got > 3*series+fixed {
		t.Errorf("got %v allocations for %d series, want at most three for each", got, series)
	}
}
