package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"flowd/internal/flowgen"
)

// scrape is a read of /metrics: family → label values, sorted by label name and joined → value. A histogram shows its count.
type scrape map[string]map[string]uint64

func readScrape(r io.Reader) (scrape, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(r)
	if err != nil {
		return nil, fmt.Errorf("parsing /metrics: %w", err)
	}
	s := scrape{}
	for name, f := range families {
		s[name] = map[string]uint64{}
		for _, m := range f.Metric {
			s[name][labelKey(m)] = uint64(value(m))
		}
	}
	return s, nil
}

func value(m *dto.Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.Counter.GetValue()
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	}
	return float64(m.GetHistogram().GetSampleCount())
}

func labelKey(m *dto.Metric) string {
	var parts []string
	for _, l := range m.Label { // The exposition sorts labels by name.
		parts = append(parts, l.GetName()+"="+l.GetValue())
	}
	return strings.Join(parts, ",")
}

// sum adds all series of the given families.
func (s scrape) sum(names ...string) uint64 {
	total := uint64(0)
	for _, name := range names {
		for _, v := range s[name] {
			total += v
		}
	}
	return total
}

// check is one durable family: what the generator wrote, and what /metrics shows.
type check struct {
	family          string
	golden, counted map[string]uint64
}

func (c check) equal() bool {
	for k, v := range c.counted {
		if v != c.golden[k] {
			return false
		}
	}
	for k, v := range c.golden {
		if v != c.counted[k] {
			return false
		}
	}
	return true
}

func (c check) totals() (golden, counted uint64) {
	for _, v := range c.golden {
		golden += v
	}
	for _, v := range c.counted {
		counted += v
	}
	return golden, counted
}

// difference names the first label set that differs.
func (c check) difference() string {
	keys := slices.Sorted(maps.Keys(c.golden))
	keys = append(keys, slices.Sorted(maps.Keys(c.counted))...)
	for _, k := range keys {
		if c.golden[k] != c.counted[k] {
			return fmt.Sprintf("{%s} golden %d, counted %d", k, c.golden[k], c.counted[k])
		}
	}
	return ""
}

// checks holds every durable family of the scrape against the golden totals.
func checks(golden *flowgen.Totals, s scrape) []check {
	var all []check
	add := func(family string, want map[string]uint64) { all = append(all, check{family, want, s[family]}) }
	flows, interfaces, ports := goldenFlows(golden), goldenInterfaces(golden), goldenPorts(golden)
	for i, unit := range []string{"records", "bytes", "packets"} {
		add("flowd_flow_"+unit+"_total", flows[i])
		add("flowd_interface_"+unit+"_total", interfaces[i])
		if i < 2 {
			add("flowd_port_"+unit+"_total", ports[i])
		}
	}
	add("flowd_records_read_total", labelled("log_status", golden.RecordsRead, "ok", "nodata", "skipdata"))
	add("flowd_records_malformed_total", labelled("reason", golden.Malformed))
	add("flowd_object_bytes_total", map[string]uint64{"encoding=compressed": golden.ObjectBytes.Compressed, "encoding=uncompressed": golden.ObjectBytes.Uncompressed})
	add("flowd_objects_counted_total", map[string]uint64{"": golden.Objects})
	add("flowd_record_age_seconds", map[string]uint64{"": golden.RecordAges}) // Observations: how old each is depends on when it is counted.
	for _, top := range []struct {
		name, unit string
		saw        uint64
	}{
		{"source", "bytes", golden.TopSourceBytes}, {"destination", "bytes", golden.TopDestinationBytes}, {"pair", "bytes", golden.TopPairBytes},
		{"rejected_source", "records", golden.TopRejectedSourceRecords}, {"rejected_port", "records", golden.TopRejectedPortRecords},
	} {
		prefix := "flowd_top_" + top.name
		names := []string{prefix + "_" + top.unit + "_total", prefix + "_other_" + top.unit + "_total", prefix + "_departed_" + top.unit + "_total"}
		all = append(all, check{names[0] + " + other + departed", map[string]uint64{"": top.saw}, map[string]uint64{"": s.sum(names...)}})
	}
	return all
}

// labelled turns a golden map into one keyed like a scrape; values that never occurred are exposed at 0.
func labelled(label string, m map[string]uint64, known ...string) map[string]uint64 {
	out := map[string]uint64{}
	for _, k := range known {
		out[label+"="+k] = 0
	}
	for k, v := range m {
		out[label+"="+k] = v
	}
	return out
}

func split(into *[3]map[string]uint64, key string, c flowgen.Counts) {
	for i, v := range [3]uint64{c.Records, c.Bytes, c.Packets} {
		if into[i] == nil {
			into[i] = map[string]uint64{}
		}
		into[i][key] = v
	}
}

func goldenFlows(g *flowgen.Totals) (out [3]map[string]uint64) {
	for k, c := range g.Flows {
		split(&out, fmt.Sprintf("account_id=%s,action=%s,flow_direction=%s,protocol=%s,vpc_id=%s", k.AccountID, k.Action, k.FlowDirection, k.Protocol, k.VPCID), c)
	}
	return out
}

func goldenInterfaces(g *flowgen.Totals) (out [3]map[string]uint64) {
	for k, c := range g.Interfaces {
		split(&out, fmt.Sprintf("account_id=%s,action=%s,interface_id=%s,subnet_id=%s,vpc_id=%s", k.AccountID, k.Action, k.InterfaceID, k.SubnetID, k.VPCID), c)
	}
	return out
}

func goldenPorts(g *flowgen.Totals) (out [3]map[string]uint64) {
	for k, c := range g.Ports {
		split(&out, fmt.Sprintf("action=%s,dstport=%s,protocol=%s", k.Action, k.DstPort, k.Protocol), c)
	}
	return out
}

// report prints golden and counted side by side, then what differs, and says whether every family is equal.
func report(w io.Writer, all []check) (equal bool) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "DURABLE FAMILY\tLABEL SETS\tGOLDEN\tCOUNTED\t\n")
	var differences []string
	for _, c := range all {
		golden, counted := c.totals()
		verdict := "equal"
		if !c.equal() {
			verdict = "DIFFERS"
			differences = append(differences, c.family+": "+c.difference())
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\n", c.family, len(c.golden), golden, counted, verdict)
	}
	if err := table.Flush(); err != nil {
		return false
	}
	for _, d := range differences {
		fmt.Fprintln(w, d)
	}
	return len(all) > 0 && len(differences) == 0
}
