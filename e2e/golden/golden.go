// Package golden holds a scrape of flowd against the golden totals of what was delivered.
package golden

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"flowd/internal/flowgen"
)

// ranking is a family of heavy hitters: names of members, other and departed, and what it saw.
type ranking struct {
	families []string
	saw      uint64
}

func rankings(g *flowgen.Totals) []ranking {
	make := func(name, unit string, saw uint64) ranking {
		return ranking{[]string{name + unit, name + "_other" + unit, name + "_departed" + unit}, saw}
	}
	return []ranking{
		make("flowd_top_source", "_bytes_total", g.TopSourceBytes), make("flowd_top_destination", "_bytes_total", g.TopDestinationBytes),
		make("flowd_top_pair", "_bytes_total", g.TopPairBytes), make("flowd_top_rejected_source", "_records_total", g.TopRejectedSourceRecords),
		make("flowd_top_rejected_port", "_records_total", g.TopRejectedPortRecords),
	}
}

// Series writes a name and pairs of label and value as the text format does.
func Series(name string, labels ...string) string {
	if len(labels) == 0 {
		return name
	}
	var pairs []string
	for i := 0; i < len(labels); i += 2 {
		pairs = append(pairs, fmt.Sprintf("%s=%q", labels[i], labels[i+1]))
	}
	return name + "{" + strings.Join(pairs, ",") + "}"
}

// expected is every durable series that is known in advance, but for those at 0; rankings are known only as sums.
func expected(g *flowgen.Totals) Samples {
	s := Samples{}
	counts := func(family string, c flowgen.Counts, labels ...string) {
		s[Series(family+"_records_total", labels...)], s[Series(family+"_bytes_total", labels...)] = float64(c.Records), float64(c.Bytes)
		if family != "flowd_port" {
			s[Series(family+"_packets_total", labels...)] = float64(c.Packets)
		}
	}
	for k, c := range g.Flows {
		counts("flowd_flow", c, "account_id", k.AccountID, "action", k.Action, "flow_direction", k.FlowDirection, "protocol", k.Protocol, "vpc_id", k.VPCID)
	}
	for k, c := range g.Interfaces {
		counts("flowd_interface", c, "account_id", k.AccountID, "action", k.Action, "interface_id", k.InterfaceID, "subnet_id", k.SubnetID, "vpc_id", k.VPCID)
	}
	for k, c := range g.Ports {
		counts("flowd_port", c, "action", k.Action, "dstport", k.DstPort, "protocol", k.Protocol)
	}
	for status, n := range g.RecordsRead {
		s[Series("flowd_records_read_total", "log_status", status)] = float64(n)
	}
	for reason, n := range g.Malformed {
		s[Series("flowd_records_malformed_total", "reason", reason)] = float64(n)
	}
	s[Series("flowd_object_bytes_total", "encoding", "compressed")] = float64(g.ObjectBytes.Compressed)
	s[Series("flowd_object_bytes_total", "encoding", "uncompressed")] = float64(g.ObjectBytes.Uncompressed)
	s["flowd_objects_counted_total"], s["flowd_record_age_seconds_count"] = float64(g.Objects), float64(g.RecordAges)
	return s
}

// Difference is the sum over every durable series of how far it is from the golden totals, and names the first one that is.
func Difference(g *flowgen.Totals, got Samples) (sum float64, first string) {
	want := expected(g)
	all := maps.Clone(want)
	maps.Copy(all, got.Durable())
	var d difference
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if isComparable(name) {
			d.compare(name, got[name], want[name])
		}
	}
	d.rankings(g, got)
	return d.sum, d.first
}

// SumDifference is the same for the sum of each family: where there are more label sets than flowd keeps, which of them count as other depends on who came
// first.
func SumDifference(g *flowgen.Totals, got Samples) (sum float64, first string) {
	wants, gots := sums(expected(g)), sums(got.Durable())
	var d difference
	all := maps.Clone(wants)
	maps.Copy(all, gots)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		d.compare(name, gots[name], wants[name])
	}
	d.rankings(g, got)
	return d.sum, d.first
}

// sums are by family.
func sums(s Samples) map[string]float64 {
	out := map[string]float64{}
	for series, v := range s {
		if isComparable(series) {
			out[family(series)] += v
		}
	}
	return out
}

type difference struct {
	sum   float64
	first string
}

func (d *difference) compare(what string, got, want float64) {
	if got == want {
		return
	}
	if d.sum += math.Abs(got - want); d.first == "" {
		d.first = fmt.Sprintf("%s: got %.0f, want %.0f", what, got, want)
	}
}

// rankings compares members + other + departed with what each ranking saw.
func (d *difference) rankings(g *flowgen.Totals, got Samples) {
	for _, r := range rankings(g) {
		d.compare(strings.Join(r.families, " + "), got.Sum(r.families...), float64(r.saw))
	}
}

// isComparable leaves out members of rankings, which are compared as sums, and how old records were, of which only the number is known.
func isComparable(series string) bool {
	return !strings.HasPrefix(series, "flowd_top_") && (family(series) != "flowd_record_age_seconds" || strings.HasSuffix(series, "_count"))
}
