package flowgen

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// row is a record that was read.
type row struct {
	columns map[string]int
	values  []string
}

// get is the value of a field; empty when the format lacks it.
func (r row) get(field string) string {
	if i, ok := r.columns[field]; ok {
		return r.values[i]
	}
	return ""
}

// reading is what a slow, obvious reader makes of the text of objects. It shares nothing with the generator but the types of the totals.
type reading struct {
	totals  *Totals
	ports   []uint16
	header  []string
	columns map[string]int // Position in the header.
	keep    bool           // Records are wanted beside the totals.
	records []row
	oddity  map[string]int
}

func newReading(ports []uint16) *reading {
	return &reading{ports: ports, oddity: map[string]int{}, totals: &Totals{
		Flows: map[FlowKey]Counts{}, Interfaces: map[InterfaceKey]Counts{}, Ports: map[PortKey]Counts{},
		RecordsRead: map[string]uint64{}, Malformed: map[string]uint64{}, SourceBytes: map[string]uint64{},
	}}
}

// newRecords is a reading that keeps the records.
func newRecords() *reading {
	r := newReading(nil)
	r.keep = true
	return r
}

// object reads an object and returns its text.
func (r *reading) object(t *testing.T, o Object) string {
	t.Helper()
	text := string(o.Body)
	if bytes.HasPrefix(o.Body, []byte{0x1f, 0x8b}) {
		text = r.inflate(t, o.Body)
	} else {
		r.oddity["plain text"]++
	}
	r.totals.Objects++
	r.totals.ObjectBytes.Compressed += uint64(len(o.Body))
	r.totals.ObjectBytes.Uncompressed += uint64(len(text))
	if o.Uncompressed != len(text) {
		t.Errorf("%s: the object says %d bytes of text, and has %d", o.Key, o.Uncompressed, len(text))
	}
	if !strings.HasSuffix(text, "\n") {
		r.oddity["no last newline"]++
	}
	r.header = nil
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		r.line(line)
	}
	return text
}

func (r *reading) inflate(t *testing.T, body []byte) string {
	t.Helper()
	in := bytes.NewReader(body)
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for members := 1; ; members++ {
		z.Multistream(false)
		if _, err := io.Copy(&text, z); err != nil {
			t.Fatal(err)
		}
		if z.Reset(in) != nil {
			if members == 2 {
				r.oddity["two members"]++
			}
			return text.String()
		}
	}
}

func (r *reading) line(line string) {
	if short, cut := strings.CutSuffix(line, "\r"); cut {
		line = short
		r.oddity["carriage return"]++
	}
	values := strings.Fields(line)
	switch {
	case r.header == nil:
		r.header, r.columns = values, map[string]int{}
		for i, name := range values {
			r.columns[name] = i
		}
	case line == "":
		r.oddity["blank line"]++
	case slices.Equal(values, r.header):
		r.oddity["second header"]++
	default:
		if strings.Contains(line, "  ") {
			r.oddity["two spaces"]++
		}
		r.record(line, values)
	}
}

func (r *reading) record(line string, values []string) {
	switch {
	case len(line) > 64<<10:
		r.totals.Malformed["line_too_long"]++
		return
	case len(values) < len(r.header):
		r.totals.Malformed["too_few_values"]++
		return
	case len(values) > len(r.header):
		r.totals.Malformed["too_many_values"]++
		return
	}
	fields := row{r.columns, values}
	if reason := malformedReason(fields); reason != "" {
		r.totals.Malformed[reason]++
		return
	}
	if r.keep {
		r.records = append(r.records, fields)
	}
	r.count(fields)
}

// malformedReason finds the one value that is wrong.
func malformedReason(fields row) string {
	for name, i := range fields.columns {
		v := fields.values[i]
		if v == "-" {
			continue
		}
		switch name {
		case "srcaddr", "dstaddr":
			if _, err := netip.ParseAddr(v); err != nil {
				return "bad_address"
			}
		case "packets", "bytes", "start", "end":
			if _, err := strconv.ParseUint(v, 10, 64); err != nil {
				return "bad_number"
			}
		case "srcport", "dstport", "protocol":
			if n, err := strconv.ParseUint(v, 10, 64); err != nil || name == "protocol" && n > 255 || n > 65535 {
				return "out_of_range"
			}
		case "action":
			if v != "ACCEPT" && v != "REJECT" {
				return "bad_action"
			}
		case "log-status":
			if v != "OK" && v != "NODATA" && v != "SKIPDATA" {
				return "bad_log_status"
			}
		}
	}
	return ""
}

func (r *reading) count(fields row) {
	status := strings.ToLower(fields.get("log-status"))
	if status == "" {
		status = "ok"
	}
	r.totals.RecordsRead[status]++
	if status != "ok" {
		return
	}
	label := func(name string) string {
		if v := fields.get(name); v != "" && v != "-" {
			return strings.ToLower(v)
		}
		return "unknown"
	}
	number := func(name string) uint64 {
		n, _ := strconv.ParseUint(fields.get(name), 10, 64)
		return n
	}
	action, protocol := label("action"), label("protocol")
	if name, ok := map[string]string{"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "unknown": "unknown"}[protocol]; ok {
		protocol = name
	} else {
		protocol = "other"
	}
	port := "other"
	if (protocol == "tcp" || protocol == "udp") && slices.Contains(r.ports, uint16(number("dstport"))) {
		port = fields.get("dstport")
	}
	t, c := r.totals, Counts{1, number("bytes"), number("packets")}
	sum(t.Flows, FlowKey{label("account-id"), label("vpc-id"), action, label("flow-direction"), protocol}, c)
	sum(t.Interfaces, InterfaceKey{label("account-id"), label("vpc-id"), label("subnet-id"), label("interface-id"), action}, c)
	sum(t.Ports, PortKey{protocol, port, action}, Counts{Records: 1, Bytes: c.Bytes})
	t.TopSourceBytes += c.Bytes
	t.TopDestinationBytes += c.Bytes
	t.TopPairBytes += c.Bytes
	if label("srcaddr") != "unknown" {
		t.SourceBytes[fields.get("srcaddr")] += c.Bytes
	}
	if action == "reject" {
		t.TopRejectedSourceRecords++
		t.TopRejectedPortRecords++
	}
	if label("end") != "unknown" {
		t.RecordAges++
	}
}

func sum[K comparable](m map[K]Counts, k K, c Counts) {
	m[k] = Counts{m[k].Records + c.Records, m[k].Bytes + c.Bytes, m[k].Packets + c.Packets}
}

// compare holds totals against each other, family by family, and returns how many label sets it looked at.
func compare(t *testing.T, got, want *Totals) (looked int) {
	t.Helper()
	looked += compareMaps(t, "flows", got.Flows, want.Flows)
	looked += compareMaps(t, "interfaces", got.Interfaces, want.Interfaces)
	looked += compareMaps(t, "ports", got.Ports, want.Ports)
	looked += compareMaps(t, "records read", got.RecordsRead, want.RecordsRead)
	looked += compareMaps(t, "malformed", got.Malformed, want.Malformed)
	looked += compareMaps(t, "source bytes", got.SourceBytes, want.SourceBytes)
	single := func(o *Totals) []uint64 {
		return []uint64{o.ObjectBytes.Compressed, o.ObjectBytes.Uncompressed, o.Objects, o.RecordAges, o.TopSourceBytes, o.TopDestinationBytes, o.TopPairBytes, o.TopRejectedSourceRecords, o.TopRejectedPortRecords}
	}
	if g, w := single(got), single(want); !slices.Equal(g, w) {
		t.Errorf("the other totals: got %v, want %v", g, w)
	}
	return looked
}

func compareMaps[K comparable, V comparable](t *testing.T, family string, got, want map[K]V) int {
	t.Helper()
	for k := range want {
		if got[k] != want[k] {
			t.Errorf("%s of %v: got %v, want %v", family, k, got[k], want[k])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: got %d label sets, want %d", family, len(got), len(want))
	}
	return len(want)
}

// share is a part of a whole, for bounds.
func share(t *testing.T, what string, part, whole int, from, to float64) {
	t.Helper()
	if got := float64(part) / float64(whole); whole < 1000 || got < from || got > to {
		t.Errorf("%s: got %d of %d, %s, want between %s and %s of at least 1,000", what, part, whole, percent(got), percent(from), percent(to))
	}
}

func percent(f float64) string { return fmt.Sprintf("%.2f %%", 100*f) }
