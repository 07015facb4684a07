package metrics

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// flowOf is a record of an interface.
func flowOf(eni, src, action string, bytes int) string {
	return fmt.Sprintf("123456789012 vpc-1 subnet-1 %s %s 10.1.0.1 443 6 1 %d 1799999990 %s ingress OK", eni, src, bytes, action)
}

func (s *service) countLines(lines ...string) {
	s.t.Helper()
	s.count(records(s.t, len(lines), func(i int) string { return lines[i] })...)
}

func TestViewsKnowWhatEverybodyHas(t *testing.T) {
	s := newService(t, func(c *Config) { c.TopK = 2 })
	for i := range 10 {
		s.countLines(flowOf("eni-1", address(i), "ACCEPT", 100+i))
	}
	views := s.totals.Views(3)
	if len(views) != 5 {
		t.Fatalf("got %d views, want 5", len(views))
	}
	v := views[0]
	if v.Name != "top_source" || v.Total != 1045 || len(v.Rows) != 3 || v.Rows[0].Estimate != 109 {
		t.Errorf("got %+v, want 3 rows of top_source, 109 first, and 1045 in total", v)
	}
}

func TestATrackIsWhatWasCountedBetweenSamples(t *testing.T) {
	s := newService(t, nil)
	h := NewHistory(s.totals, s.now)
	h.sample(s.now)
	for _, bytes := range []int{100, 20, 3} { // The first makes the talker a member, and is in nobody's counter.
		s.countLines(flowOf("eni-1", "10.0.0.1", "ACCEPT", bytes))
		s.commit()
		s.scrape()
		s.now = s.now.Add(time.Minute)
		h.sample(s.now)
	}
	track, ok := h.Track("top_source", []string{"10.0.0.1"})
	var got []uint64
	for _, p := range track.Points {
		got = append(got, p.Value)
		if p.To.Sub(p.From) != time.Minute {
			t.Errorf("a point from %s to %s, want a minute", p.From, p.To)
		}
	}
	if !ok || !slices.Equal(got, []uint64{0, 20, 3}) {
		t.Errorf("got %v, %v, want 0, 20 and 3", got, ok)
	}
	if track, ok := h.Track("top_source", []string{"10.9.9.9"}); !ok || len(track.Points) != 0 {
		t.Errorf("nobody: got %v, %v, want no points", track, ok)
	}
	if _, ok := h.Track("top_nonsense", nil); ok {
		t.Error("a ranking that is none: got ok")
	}
}

func TestInterfacesAreRankedByWhatTheyCountedInTheWindow(t *testing.T) {
	s := newService(t, nil)
	s.countLines(flowOf("eni-old", "10.0.0.1", "ACCEPT", 1_000_000))
	h := NewHistory(s.totals, s.now)
	h.sample(s.now)
	s.countLines(flowOf("eni-1", "10.0.0.1", "ACCEPT", 100), flowOf("eni-2", "10.0.0.1", "REJECT", 40), flowOf("eni-1", "10.0.0.2", "REJECT", 1),
		flowOf("eni-2", "10.0.0.2", "REJECT", 1))
	views := h.Interfaces(10)
	text := fmt.Sprintf("%s %d %v %s %d %v", views[0].Name, views[0].Total, views[0].Rows, views[1].Name, views[1].Total, views[1].Rows)
	want := "interface_bytes 142 [{[123456789012 vpc-1 subnet-1 eni-1] 101 0 true} {[123456789012 vpc-1 subnet-1 eni-2] 41 0 true}] " +
		"interface_rejects 3 [{[123456789012 vpc-1 subnet-1 eni-2] 2 0 true} {[123456789012 vpc-1 subnet-1 eni-1] 1 0 true}]"
	if text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	h.sample(s.now.Add(time.Minute))
	s.countLines(flowOf("eni-2", "10.0.0.1", "REJECT", 7))
	h.sample(s.now.Add(2 * time.Minute))
	track, _ := h.Track("interface_bytes", []string{"123456789012", "vpc-1", "subnet-1", "eni-2"})
	if len(track.Points) != 1 || track.Points[0].Value != 7 {
		t.Errorf("the interface's history: got %+v, want one point of 7: before it was not among the heavy", track.Points)
	}
}

// TestTheWindowMoves keeps two snapshots, so that it is never shorter than half of it once the process is old enough.
func TestTheWindowMoves(t *testing.T) {
	s := newService(t, nil)
	h := NewHistory(s.totals, s.now)
	began := s.now
	for minute := range 95 {
		s.countLines(flowOf("eni-1", "10.0.0.1", "ACCEPT", 1))
		s.now = began.Add(time.Duration(minute+1) * time.Minute)
		h.sample(s.now)
	}
	c, since := h.Window()
	if since != began.Add(60*time.Minute) || c.OK != 35 {
		t.Errorf("got %d records since minute %v, want 35 since minute 60", c.OK, since.Sub(began).Minutes())
	}
}

func TestAHistoryIsBounded(t *testing.T) {
	s := newService(t, nil)
	h := NewHistory(s.totals, s.now)
	for i := range maxSamples + 10 {
		h.sample(s.now.Add(time.Duration(i) * time.Minute))
	}
	if len(h.samples) != maxSamples {
		t.Errorf("got %d samples, want %d", len(h.samples), maxSamples)
	}
}

func TestTheInventoryCountsWhatIsExposed(t *testing.T) {
	s := newService(t, func(c *Config) { c.MaxInterfaces = 2 })
	s.countLines(flowOf("eni-1", "10.0.0.1", "ACCEPT", 1), flowOf("eni-2", "10.0.0.1", "ACCEPT", 1), flowOf("eni-3", "10.0.0.1", "ACCEPT", 1))
	got := s.totals.Inventory()
	if got.Accounts != 1 || got.VPCs != 1 || got.Subnets != 1 || got.Interfaces != 2 {
		t.Errorf("got %+v, want an account, a VPC, a subnet and two interfaces", got)
	}
	for _, b := range got.Budget {
		if b.Family == "interface" && (b.Used != 3 || b.Limit != 2 || b.Overflow != 1) {
			t.Errorf("interfaces: got %+v, want 2 and other, of 2, and one record past it", b)
		}
	}
}
