package metrics

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDamagedStateIsRefused wants an error that says what is wrong and what to do, and never totals that break every scrape.
func TestDamagedStateIsRefused(t *testing.T) {
	slot := uint32(500) // Not used by the state below.
	member := func(values ...string) *labelSet {
		return &labelSet{family: familyTopSource, slot: slot, width: 1, values: values}
	}
	tests := []struct {
		name   string
		damage func(*store)
		want   string
	}{
		{"an empty definition", func(s *store) { s.series[slot] = nil }, "series 500"},
		{"a later version", func(s *store) { s.series[slot] = []byte{definitionVersion + 1, 1, 0, 3, 0} }, "series 500"},
		{"a family of a later version", func(s *store) { s.series[slot] = (&labelSet{family: 200, width: 1}).encode() }, "series 500"},
		{"a family that there never was", func(s *store) { s.series[slot] = (&labelSet{family: 0, width: 1}).encode() }, "series 500"},
		{"too few labels", func(s *store) {
			s.series[slot] = (&labelSet{family: familyFlow, width: 3, values: []string{"a"}}).encode()
		}, "series 500"},
		{"another width", func(s *store) {
			s.series[slot] = (&labelSet{family: familyTopSource, width: 2, values: []string{"10.0.0.1"}}).encode()
		}, "series 500"},
		{"bytes behind it", func(s *store) { s.series[slot] = append(member("10.0.0.1").encode(), 0) }, "series 500"},
		{"a label past its end", func(s *store) { s.series[slot] = []byte{definitionVersion, byte(familyTopSource), 0, 1, 1, 200} }, "series 500"},
		{"a label that no scrape may have", func(s *store) { s.series[slot] = member("10.0.0.1\xff").encode() }, "series 500"},
		{"a member that is not an address", func(s *store) { s.series[slot] = member("ten").encode() }, "not a member"},
		{"a member in another spelling", func(s *store) { s.series[slot] = member("::ffff:10.0.0.1").encode() }, "not a member"},
		{"the same labels twice", func(s *store) {
			s.series[slot] = (&labelSet{family: familyRecordsRead, width: 1, values: []string{"ok"}}).encode()
		}, "the same labels"},
		{"two with the same counters", func(s *store) {
			s.series[slot] = (&labelSet{family: familyInterface, width: 3, values: strings.Fields("a b c d accept")}).encode()
			s.series[slot+2] = (&labelSet{family: familyInterface, width: 3, values: strings.Fields("a b c e accept")}).encode()
		}, "share counters"},
		{"a slot far away", func(s *store) { s.series[1<<31] = member("10.0.0.1").encode() }, "series 2147483648"},
		{"a page that is cut", func(s *store) { s.pages[0] = s.pages[0][:100] }, "page 0"},
		{"a page far away", func(s *store) { s.pages[1<<31] = s.pages[0] }, "2147483648"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newService(t, nil)
			s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
			if _, used := s.store.series[slot]; used || len(s.store.series) < 20 {
				t.Fatalf("the state has %d series and should leave %d free", len(s.store.series), slot)
			}
			test.damage(s.store)
			totals, err := New(s.cfg, s.now)
			if err != nil {
				t.Fatal(err)
			}
			err = totals.Load(s.store.eachSeries, s.store.eachPage, s.now)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasSuffix(err.Error(), stateAdvice) {
				t.Errorf("got %v, want an error with %q that ends in what to do", err, test.want)
			}
		})
	}
}

// TestLoweredBoundsTakeNothingBack restarts with fewer places than there are members and interfaces.
func TestLoweredBoundsTakeNothingBack(t *testing.T) {
	s := newService(t, func(c *Config) { c.TopK = 10 })
	for range 3 {
		s.count(records(t, 10, func(i int) string {
			return fmt.Sprintf("123456789012 vpc-1 subnet-1 eni-%d %s 10.1.0.1 443 6 1 %d 1799999990 ACCEPT ingress OK", i, address(i), 100+i)
		})...)
		s.scrape()
		s.scrape()
	}
	before := s.scrape()
	s.cfg.TopK, s.cfg.MaxInterfaces, s.cfg.Ports = 3, 2, nil
	s.restart()
	if after := gather(t, s.totals); after.sum("flowd_interface_records_total") != 30 || after.series("flowd_port_records_total") != 1 {
		t.Errorf("got %v interface records and %d port series, want what there was", after.sum("flowd_interface_records_total"), after.series("flowd_port_records_total"))
	}
	if !s.totals.Due(s.now) {
		t.Error("members past the bound are not on their way")
	}
	s.commit()
	after := gather(t, s.totals)
	if n := after.series("flowd_top_source_bytes_total"); n != 3 {
		t.Errorf("got %d members, want 3", n)
	}
	for _, i := range []int{7, 8, 9} { // The heaviest stay, with what they have.
		name := "flowd_top_source_bytes_total{srcaddr=" + address(i) + "}"
		if after[name] != before[name] || before[name] == 0 {
			t.Errorf("%s: got %v, want %v", name, after[name], before[name])
		}
	}
	s.count(record(t, "123456789012 vpc-1 subnet-1 eni-5 10.0.0.1 10.1.0.1 443 6 1 1 1799999990 ACCEPT ingress OK"))
	const known = "flowd_interface_records_total{account_id=123456789012,action=accept,interface_id=eni-5,subnet_id=subnet-1,vpc_id=vpc-1}"
	if got := gather(t, s.totals)[known]; got != 4 {
		t.Errorf("%s: got %v, want 4: an interface keeps its place", known, got)
	}
}

// TestStateDoesNotGrowWithThoseWhoLeft lets interfaces come and expire for weeks, with restarts between.
func TestStateDoesNotGrowWithThoseWhoLeft(t *testing.T) {
	s := newService(t, func(c *Config) { c.MaxInterfaces = 200 })
	var pages, series []int
	for week := range 8 {
		s.count(records(t, 150, func(i int) string {
			return fmt.Sprintf("123456789012 vpc-%d subnet-1 eni-%d-%d %s 10.0.0.2 443 6 1 10 1799999990 ACCEPT ingress OK", week, week, i, address(100*week+i))
		})...)
		s.scrape()
		s.now = s.now.Add(7 * 24 * time.Hour)
		s.commit()
		if week%2 == 1 {
			s.restart()
		}
		pages, series = append(pages, len(s.store.pages)), append(series, len(s.store.series))
		if n := len(s.totals.state.index) + len(s.totals.state.lastUse) + len(s.totals.state.births) + len(s.totals.state.interfaces); n > 4*series[week] {
			t.Errorf("week %d: the maps have %d entries for %d series", week, n, series[week])
		}
	}
	if pages[0] < 4 || slices.Max(pages) > pages[0]+1 || slices.Max(series) > series[0] {
		t.Errorf("got %v pages and %v series after each week, want what the first week needed", pages, series)
	}
}

// FuzzLoadSeries feeds definitions that something else may have written: what is taken must come back the same.
func FuzzLoadSeries(f *testing.F) {
	for _, set := range []*labelSet{
		{family: familyFlow, width: 3, live: true, values: strings.Fields("123456789012 vpc-1 accept ingress tcp")},
		{family: familyTopPair, width: 1, values: []string{"10.0.0.1", "2001:db8::1"}},
		{family: familyRecordAge, width: ageWidth},
	} {
		f.Add(set.encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		set, err := decodeLabelSet(7, b)
		if err != nil {
			return
		}
		again, err := decodeLabelSet(7, set.encode())
		if err != nil || again.key() != set.key() || again.live != set.live || again.width != set.width {
			t.Errorf("%q: got %+v, then %+v, %v", b, set, again, err)
		}
	})
}
