package metrics

import (
	"testing"

	"flowd/pkg/parser"
)

func TestBatchAddAllocatesNothing(t *testing.T) {
	s := newService(t, func(c *Config) { c.MaxInterfaces = 10 })
	s.count(flow(t, address(1), address(0), "100", "ACCEPT"), flow(t, address(38), address(12), "100", "REJECT"))
	s.scrape()
	s.scrape() // They are members now, so that both paths of a ranking are taken.
	tests := map[string][]*parser.Record{
		"interfaces with a place":      benchmarkRecords(t, 100),
		"more interfaces than a batch": benchmarkRecords(t, minBatchInterfaces+100),
		"NODATA":                       {record(t, "123456789012 vpc-1 subnet-1 eni-1 - - - - - - 1799999990 - - NODATA")},
		"nothing but -":                {record(t, "- - - - - - - - - - - - - OK")},
	}
	for name, records := range tests {
		b := s.totals.NewBatch(s.now)
		if len(b.tops.source.members.keys) == 0 || len(b.tops.rejectedPort.members.keys) == 0 {
			t.Fatal("the rankings have no members")
		}
		add := func() {
			for _, r := range records {
				b.Add(r)
			}
			b.AddMalformed(parser.BadNumber)
			b.AddObjectBytes(1, 2)
		}
		add() // Label sets that are new to a batch may allocate.
		if n := testing.AllocsPerRun(2, add); n != 0 {
			t.Errorf("%s: adding %d records again: got %v allocations, want 0", name, len(records), n)
		}
	}
}

// TestReusedBatchAllocatesOnlyItsRows holds that what an object needs beside its label sets is there from the object before.
func TestReusedBatchAllocatesOnlyItsRows(t *testing.T) {
	s := newService(t, nil)
	b, r := s.totals.NewBatch(s.now), flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT")
	const rows = 4 // An interface, its key, a VPC, its key.
	if n := testing.AllocsPerRun(100, func() { b.Add(r); b.reset() }); n > rows {
		t.Errorf("the first record of a batch that is used again: got %v allocations, want at most %d", n, rows)
	}
}
