// Package golden holds a scrape of flowd against the golden totals of what was delivered.
package golden

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"flowd/internal/flowgen"
)

// Samples is a scrape: series as the text format writes it → value.
type Samples map[string]float64

// Parse reads the text format, which has no timestamps here. A scrape without samples is an error.
func Parse(scrape []byte) (Samples, error) {
	s := Samples{}
	for line := range bytes.Lines(scrape) {
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(text, ' ')
		v, err := strconv.ParseFloat(text[at+1:], 64)
		if at < 0 || err != nil {
			return nil, fmt.Errorf("parsing a scrape: %q is no sample", text)
		}
		s[text[:at]] = v
	}
	if len(s) == 0 {
		return nil, fmt.Errorf("parsing a scrape: it has no samples")
	}
	return s, nil
}

// Sum adds every series of some families.
func (s Samples) Sum(families ...string) (total float64) {
	for series, v := range s {
		if name, _, _ := strings.Cut(series, "{"); slices.Contains(families, name) {
			total += v
		}
	}
	return total
}

// labels are pairs of name and value, in the order of the names.
type labels []string

func (l labels) String() string {
	var pairs []string
	for i := 0; i < len(l); i += 2 {
		pairs = append(pairs, fmt.Sprintf("%s=%q", l[i], l[i+1]))
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// expected is every series that is known in advance, but for those at 0 and the rankings.
func expected(g *flowgen.Totals) Samples {
	s := Samples{}
	counts := func(family string, c flowgen.Counts, l labels) {
		s[family+"_records_total"+l.String()], s[family+"_bytes_total"+l.String()] = float64(c.Records), float64(c.Bytes)
		if family != "flowd_port" {
			s[family+"_packets_total"+l.String()] = float64(c.Packets)
		}
	}
	for k, c := range g.Flows {
		counts("flowd_flow", c, labels{"account_id", k.AccountID, "action", k.Action, "flow_direction", k.FlowDirection, "protocol", k.Protocol, "vpc_id", k.VPCID})
	}
	for k, c := range g.Interfaces {
		counts("flowd_interface", c, labels{"account_id", k.AccountID, "action", k.Action, "interface_id", k.InterfaceID, "subnet_id", k.SubnetID, "vpc_id", k.VPCID})
	}
	for k, c := range g.Ports {
		counts("flowd_port", c, labels{"action", k.Action, "dstport", k.DstPort, "protocol", k.Protocol})
	}
	for status, n := range g.RecordsRead {
		s["flowd_records_read_total"+labels{"log_status", status}.String()] = float64(n)
	}
	for reason, n := range g.Malformed {
		s["flowd_records_malformed_total"+labels{"reason", reason}.String()] = float64(n)
	}
	s["flowd_object_bytes_total"+labels{"encoding", "compressed"}.String()] = float64(g.ObjectBytes.Compressed)
	s["flowd_object_bytes_total"+labels{"encoding", "uncompressed"}.String()] = float64(g.ObjectBytes.Uncompressed)
	s["flowd_objects_counted_total"], s["flowd_record_age_seconds_count"] = float64(g.Objects), float64(g.RecordAges)
	return s
}

// families are those whose every series is known in advance.
func families() []string {
	return []string{
		"flowd_flow_records_total", "flowd_flow_bytes_total", "flowd_flow_packets_total",
		"flowd_interface_records_total", "flowd_interface_bytes_total", "flowd_interface_packets_total",
		"flowd_port_records_total", "flowd_port_bytes_total", "flowd_records_read_total", "flowd_records_malformed_total",
		"flowd_object_bytes_total", "flowd_objects_counted_total", "flowd_record_age_seconds_count",
	}
}

// Difference is the sum over every such series, and over every ranking, of how far the scrape is from the totals; first names one of those that are.
func Difference(g *flowgen.Totals, got Samples) (sum float64, first string) {
	want := expected(g)
	all := maps.Clone(want)
	for series, v := range got {
		if name, _, _ := strings.Cut(series, "{"); slices.Contains(families(), name) && v != 0 {
			all[series] += 0
		}
	}
	var d difference
	for _, series := range slices.Sorted(maps.Keys(all)) {
		d.compare(series, got[series], want[series])
	}
	d.rankings(g, got)
	return d.sum, d.first
}

// SumDifference is the same for the sums of the families: where there are more label sets than flowd keeps, which of them count as other depends on who
// came first.
func SumDifference(g *flowgen.Totals, got Samples) (sum float64, first string) {
	var d difference
	for _, name := range families() {
		d.compare(name, got.Sum(name), expected(g).Sum(name))
	}
	d.rankings(g, got)
	return d.sum, d.first
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
	for _, r := range []struct {
		name, unit string
		saw        uint64
	}{
		{"flowd_top_source", "_bytes_total", g.TopSourceBytes},
		{"flowd_top_destination", "_bytes_total", g.TopDestinationBytes},
		{"flowd_top_pair", "_bytes_total", g.TopPairBytes},
		{"flowd_top_rejected_source", "_records_total", g.TopRejectedSourceRecords},
		{"flowd_top_rejected_port", "_records_total", g.TopRejectedPortRecords},
	} {
		d.compare(r.name, got.Sum(r.name+r.unit, r.name+"_other"+r.unit, r.name+"_departed"+r.unit), float64(r.saw))
	}
}
