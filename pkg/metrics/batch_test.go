package metrics

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"flowd/pkg/parser"
)

// TestOverlongIdentifiersTakeNoMemory is about an object of a hostile writer: a line of 64 kB for each of thousands of interfaces.
func TestOverlongIdentifiersTakeNoMemory(t *testing.T) {
	s := newService(t, nil)
	b, r := s.totals.NewBatch(s.now), flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT")
	for i := range 5000 {
		r.InterfaceID = append(bytes.Repeat([]byte("e"), 10_000), fmt.Sprint(i)...)
		r.VPCID = r.InterfaceID
		b.Add(r)
	}
	if n := len(b.rows.interfaces) + len(b.rows.vpcs); n != 2 {
		t.Errorf("got %d rows, want one interface and one VPC for all that cannot be labels", n)
	}
	s.commit(b)
	s.scrape()
	const want = "flowd_interface_records_total{account_id=123456789012,action=accept,interface_id=other,subnet_id=subnet-1,vpc_id=other}"
	if got := s.scrape()[want]; got != 5000 {
		t.Errorf("%s: got %v, want 5000", want, got)
	}
}

// TestIdentifiersDoNotRunTogether has values with spaces, which text cannot have and other formats can.
func TestIdentifiersDoNotRunTogether(t *testing.T) {
	s := newService(t, nil)
	b := s.totals.NewBatch(s.now)
	for _, ids := range [][2]string{{"a", "b c"}, {"a b", "c"}, {"", " "}, {" ", ""}, {"", ""}} {
		r := flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT")
		r.SubnetID, r.InterfaceID = []byte(ids[0]), []byte(ids[1])
		b.Add(r)
	}
	s.commit(b)
	s.scrape()
	got := s.scrape()
	for ids, want := range map[[2]string]float64{{"a", "other"}: 1, {"other", "c"}: 1, {"unknown", "other"}: 1, {"other", "unknown"}: 1, {"unknown", "unknown"}: 1} {
		name := fmt.Sprintf("flowd_interface_records_total{account_id=123456789012,action=accept,interface_id=%s,subnet_id=%s,vpc_id=vpc-1}", ids[1], ids[0])
		if got[name] != want {
			t.Errorf("%s: got %v, want %v", name, got[name], want)
		}
	}
}

// TestFullBatchKeepsTheCountsOfItsVPCs has more interfaces than a batch has places: they are others, and their VPCs are still theirs.
func TestFullBatchKeepsTheCountsOfItsVPCs(t *testing.T) {
	s := newService(t, func(c *Config) { c.MaxInterfaces = 2500 })
	b := s.totals.NewBatch(s.now)
	const n = 5100
	for _, r := range records(t, n, func(i int) string {
		return fmt.Sprintf("123456789012 vpc-%d subnet-1 eni-%d 10.0.0.1 10.0.0.2 443 6 1 10 1799999990 ACCEPT ingress OK", i%2, i)
	}) {
		b.Add(r)
	}
	if len(b.rows.interfaces) != 5000 {
		t.Fatalf("the batch has %d interfaces, want twice the limit", len(b.rows.interfaces))
	}
	s.commit(b)
	s.scrape()
	got := s.scrape()
	for _, vpc := range []string{"vpc-0", "vpc-1"} {
		name := fmt.Sprintf("flowd_flow_records_total{account_id=123456789012,action=accept,flow_direction=ingress,protocol=tcp,vpc_id=%s}", vpc)
		if got[name] != n/2 {
			t.Errorf("%s: got %v, want %d", name, got[name], n/2)
		}
	}
	if sum := got.sum("flowd_interface_records_total"); sum != n {
		t.Errorf("got %v records over all interfaces, want %d", sum, n)
	}
	if over := got["flowd_series_overflow_total{family=interface}"]; over != n-2500 {
		t.Errorf("got %v records that found no interface, want %d", over, n-2500)
	}
}

func TestTooManyVPCsOfABatchAreOthers(t *testing.T) {
	s := newService(t, nil)
	b := s.totals.NewBatch(s.now)
	const n = maxBatchVPCs + 50
	for _, r := range records(t, n, func(i int) string {
		return fmt.Sprintf("123456789012 vpc-%d subnet-1 eni-1 10.0.0.1 10.0.0.2 443 6 1 10 1799999990 ACCEPT ingress OK", i)
	}) {
		b.Add(r)
	}
	s.commit(b)
	s.scrape()
	got := s.scrape()
	if series := got.series("flowd_flow_records_total"); series != maxBatchVPCs+1 {
		t.Errorf("got %d flow series, want %d and one for the others", series, maxBatchVPCs)
	}
	if sum := got.sum("flowd_flow_records_total"); sum != n {
		t.Errorf("got %v records over all VPCs, want %d", sum, n)
	}
}

// TestRecordAge says which ends count, in which bucket, at a commit at the start of 2027 (1,800,000,000).
func TestRecordAge(t *testing.T) {
	const none = -1
	tests := []struct {
		name       string
		end        int64
		bucket     int
		age        float64
		objectTime time.Time
	}{
		{"seconds", 1_799_999_880, 1, 120, start()},
		{"milliseconds", 1_799_999_880_999, 1, 120, start()},
		{"a little in the future is age 0", 1_800_000_600, 0, 0, start()},
		{"too far in the future", 1_800_000_601, none, 0, start()},
		{"too far after an old object", 1_799_990_601, none, 0, start().Add(-10_000 * time.Second)},
		{"an object whose time is not known", 1_800_000_601, none, 0, time.Time{}},
		{"a day and a second", 1_799_913_599, numAgeBuckets - 1, 86_401, start()},
		{"the year 5138 is milliseconds of 1973", millisecondsFrom, numAgeBuckets - 1, 1_700_000_000, start()},
		{"zero", 0, none, 0, start()},
		{"negative", -1, none, 0, start()},
		{"the least number", math.MinInt64, none, 0, start()},
		{"the largest number", math.MaxInt64, none, 0, start()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newService(t, nil)
			b, r := s.totals.NewBatch(test.objectTime), flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT")
			r.End = test.end
			b.Add(r)
			b.Add(r)
			s.commit(b)
			set, pages := s.totals.state.sets[familyRecordAge][0], s.totals.state.pages
			for i := range numAgeBuckets {
				if got, want := pages.get(set.slot+uint32(i)), map[bool]uint64{true: 2}[i == test.bucket]; got != want {
					t.Errorf("bucket %d: got %d records, want %d", i, got, want)
				}
			}
			if got := float64(pages.get(set.slot + ageSum)); got != 2*test.age {
				t.Errorf("got a sum of %v seconds, want %v", got, 2*test.age)
			}
		})
	}
}

func TestEndsAreBounded(t *testing.T) {
	e, total := newEnds(), uint64(0)
	for i := range int64(10 * maxBatchEnds) {
		e.add(1_700_000_000 + i)
		e.add(1_700_000_000 + i)
	}
	e.believable(0, start(), func(_ int64, n uint64) { total += n })
	if len(e.spare) != maxBatchEnds || total != 20*maxBatchEnds {
		t.Errorf("got %d records, and %d ends outside of the table, want %d and %d", total, len(e.spare), 20*maxBatchEnds, maxBatchEnds)
	}
}

// TestNothingOfABatchIsLeftInTheNext uses one batch for two objects.
func TestNothingOfABatchIsLeftInTheNext(t *testing.T) {
	s := newService(t, nil)
	b, want := s.totals.NewBatch(s.now), newBatch(s.totals)
	for _, r := range benchmarkRecords(t, 10) {
		b.Add(r)
	}
	b.AddMalformed(parser.LineTooLong)
	b.AddMalformed(255) // Not a reason: there is no such series.
	b.AddObjectBytes(math.MaxUint64, math.MaxUint64)
	b.AddObjectBytes(1, 1)
	if b.compressed != math.MaxUint64 || b.text != math.MaxUint64 {
		t.Errorf("got %d and %d bytes, want counters that stay at their end", b.compressed, b.text)
	}
	b.reset()
	b.rows.key = nil // Memory that is used again.
	for i, want := range essence(want) {
		if got := essence(b)[i]; !reflect.DeepEqual(got, want) {
			t.Errorf("part %d after a reset: got %v, want %v", i, got, want)
		}
	}
}

// essence is a batch without what is only memory.
func essence(b *Batch) []any {
	tops := []any{b.tops.source.other, b.tops.pair.other, b.tops.rejectedPort.other}
	for _, s := range []*sketch[parser.Addr]{b.tops.source.sketch, b.tops.destination.sketch, b.tops.rejectedSource.sketch} {
		tops = append(tops, s.entries, s.pinned, s.floor, s.waiting, s.index, s.slack)
	}
	return append(tops, b.objectTime, b.read, b.malformed, b.compressed, b.text, b.ends, b.rows, b.ports, b.tops.pair.sketch.index, b.tops.rejectedPort.sketch.index)
}
