package e2e

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"flowd/internal/flowgen"
	"flowd/pkg/metrics"
)

// traffic generates objects and keeps the golden totals of those that it delivered.
type traffic struct {
	*flowgen.Generator
	golden flowgen.Totals
	n      int
}

func newTraffic(t *testing.T, seed uint64) *traffic {
	t.Helper()
	g, err := flowgen.New(flowgen.Config{Seed: seed, RecordsPerObject: 400, Ports: metrics.DefaultPorts()})
	if err != nil {
		t.Fatal(err)
	}
	return &traffic{Generator: g}
}

// next is an object that is not delivered yet. Every third key has what keys may have and notifications must encode.
func (tr *traffic) next() (key string, o flowgen.Object) {
	o = tr.Object(time.Now())
	if tr.n++; tr.n%3 == 0 {
		return strings.Replace(o.Key, "/vpcflowlogs/", "/vpcflowlogs/day=1 +ü%2B/", 1), o
	}
	return o.Key, o
}

// deliver puts n objects, and returns the key of the last one.
func (tr *traffic) deliver(s *site, n int) (key string) {
	s.t.Helper()
	for range n {
		var o flowgen.Object
		key, o = tr.next()
		key = path.Join(s.setup.Prefix, key)
		s.put(key, o.Body)
		tr.golden.Merge(o.Totals)
	}
	return key
}

// counted are the families whose every series is known in advance; no other series of them may be above 0.
func counted() []string {
	return []string{
		"flowd_flow_records_total", "flowd_flow_bytes_total", "flowd_flow_packets_total",
		"flowd_interface_records_total", "flowd_interface_bytes_total", "flowd_interface_packets_total",
		"flowd_port_records_total", "flowd_port_bytes_total",
		"flowd_records_read_total", "flowd_records_malformed_total", "flowd_object_bytes_total", "flowd_objects_counted_total", "flowd_record_age_seconds",
	}
}

// ranked are the rankings, as the parts of their names: before and behind `_other` and `_departed`.
func ranked() [][2]string {
	return [][2]string{
		{"flowd_top_source", "_bytes_total"}, {"flowd_top_destination", "_bytes_total"}, {"flowd_top_pair", "_bytes_total"},
		{"flowd_top_rejected_source", "_records_total"}, {"flowd_top_rejected_port", "_records_total"},
	}
}

// durable are all families that survive a restart.
func durable() []string {
	names := counted()
	for _, r := range ranked() {
		names = append(names, r[0]+r[1], r[0]+"_other"+r[1], r[0]+"_departed"+r[1])
	}
	return names
}

// expected is what a scrape must show of the counted families.
func (tr *traffic) expected() samples {
	out, g := samples{}, &tr.golden
	counts := func(family, labels string, c flowgen.Counts) {
		out[family+"_records_total"+labels], out[family+"_bytes_total"+labels] = float64(c.Records), float64(c.Bytes)
		if family != "flowd_port" {
			out[family+"_packets_total"+labels] = float64(c.Packets)
		}
	}
	for k, c := range g.Flows {
		counts("flowd_flow", fmt.Sprintf("{account_id=%s,action=%s,flow_direction=%s,protocol=%s,vpc_id=%s}", k.AccountID, k.Action, k.FlowDirection, k.Protocol, k.VPCID), c)
	}
	for k, c := range g.Interfaces {
		counts("flowd_interface", fmt.Sprintf("{account_id=%s,action=%s,interface_id=%s,subnet_id=%s,vpc_id=%s}", k.AccountID, k.Action, k.InterfaceID, k.SubnetID, k.VPCID), c)
	}
	for k, c := range g.Ports {
		counts("flowd_port", fmt.Sprintf("{action=%s,dstport=%s,protocol=%s}", k.Action, k.DstPort, k.Protocol), c)
	}
	for k, n := range g.RecordsRead {
		out["flowd_records_read_total{log_status="+k+"}"] = float64(n)
	}
	for k, n := range g.Malformed {
		out["flowd_records_malformed_total{reason="+k+"}"] = float64(n)
	}
	out["flowd_object_bytes_total{encoding=compressed}"] = float64(g.ObjectBytes.Compressed)
	out["flowd_object_bytes_total{encoding=uncompressed}"] = float64(g.ObjectBytes.Uncompressed)
	out["flowd_objects_counted_total{}"], out["flowd_record_age_seconds{}"] = float64(g.Objects), float64(g.RecordAges)
	return out
}

// seen is what each of the rankings must have seen, in their order.
func (tr *traffic) seen() []uint64 {
	g := &tr.golden
	return []uint64{g.TopSourceBytes, g.TopDestinationBytes, g.TopPairBytes, g.TopRejectedSourceRecords, g.TopRejectedPortRecords}
}

// differs names one durable counter that is not as expected, or nothing. Members of a ranking are held against what it saw, together with what
// went to no member and what former members had.
func (tr *traffic) differs(got samples) string {
	want := tr.expected()
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if got[k] != want[k] {
			return fmt.Sprintf("%s: got %v, want %v", k, got[k], want[k])
		}
	}
	for k, v := range got.of(counted()...) {
		if v != want[k] {
			return fmt.Sprintf("%s: got %v, want no such series above 0", k, v)
		}
	}
	for i, r := range ranked() {
		sum := 0.0
		for _, v := range got.of(r[0]+r[1], r[0]+"_other"+r[1], r[0]+"_departed"+r[1]) {
			sum += v
		}
		if want := tr.seen()[i]; sum != float64(want) {
			return fmt.Sprintf("%s: members + other + departed: got %v, want %v", r[0], sum, want)
		}
	}
	return ""
}

// of keeps the samples of some families.
func (s samples) of(families ...string) samples {
	out := samples{}
	for k, v := range s {
		if family, _, _ := strings.Cut(k, "{"); slices.Contains(families, family) {
			out[k] = v
		}
	}
	return out
}

// untilCounted waits until a scrape shows the golden totals.
func (tr *traffic) untilCounted(d *flowd) {
	d.t.Helper()
	tr.untilEqual(d, d.scrape)
}

// untilEqual waits until what read returns are the golden totals, and says what differs if they never are.
func (tr *traffic) untilEqual(d *flowd, read func() samples) {
	d.t.Helper()
	last := ""
	defer func() {
		if d.t.Failed() && last != "" {
			d.t.Log(last)
		}
	}()
	d.until("the counted totals to equal the golden ones", func() bool {
		last = tr.differs(read())
		return last == ""
	})
}
