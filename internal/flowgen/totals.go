package flowgen

import (
	"maps"
	"strconv"
)

// Counts are the counters of one label set.
type Counts struct{ Records, Bytes, Packets uint64 }

// FlowKey is a label set of the flow families.
type FlowKey struct{ AccountID, VPCID, Action, FlowDirection, Protocol string }

// InterfaceKey is a label set of the interface families.
type InterfaceKey struct{ AccountID, VPCID, SubnetID, InterfaceID, Action string }

// PortKey is a label set of the port families.
type PortKey struct{ Protocol, DstPort, Action string }

// Totals are the golden totals: what every durable family must show once the objects are counted.
type Totals struct {
	Flows       map[FlowKey]Counts
	Interfaces  map[InterfaceKey]Counts
	Ports       map[PortKey]Counts
	RecordsRead map[string]uint64 // By log status.
	Malformed   map[string]uint64 // By reason.
	ObjectBytes struct{ Compressed, Uncompressed uint64 }
	Objects     uint64
	RecordAges  uint64 // Records whose age is observed.

	// What each ranking saw.
	TopSourceBytes, TopDestinationBytes, TopPairBytes uint64
	TopRejectedSourceRecords, TopRejectedPortRecords  uint64
	SourceBytes                                       map[string]uint64 // By source address, for judging a ranking.
}

func newTotals() *Totals {
	return &Totals{
		Flows: map[FlowKey]Counts{}, Interfaces: map[InterfaceKey]Counts{}, Ports: map[PortKey]Counts{},
		RecordsRead: map[string]uint64{}, Malformed: map[string]uint64{}, SourceBytes: map[string]uint64{},
	}
}

// Merge adds another object's totals.
func (t *Totals) Merge(o *Totals) {
	if t.Flows == nil {
		*t = *newTotals()
	}
	mergeCounts(t.Flows, o.Flows)
	mergeCounts(t.Interfaces, o.Interfaces)
	mergeCounts(t.Ports, o.Ports)
	mergeNumbers(t.RecordsRead, o.RecordsRead)
	mergeNumbers(t.Malformed, o.Malformed)
	mergeNumbers(t.SourceBytes, o.SourceBytes)
	t.ObjectBytes.Compressed += o.ObjectBytes.Compressed
	t.ObjectBytes.Uncompressed += o.ObjectBytes.Uncompressed
	t.Objects += o.Objects
	t.RecordAges += o.RecordAges
	t.TopSourceBytes += o.TopSourceBytes
	t.TopDestinationBytes += o.TopDestinationBytes
	t.TopPairBytes += o.TopPairBytes
	t.TopRejectedSourceRecords += o.TopRejectedSourceRecords
	t.TopRejectedPortRecords += o.TopRejectedPortRecords
}

func mergeCounts[K comparable](into, from map[K]Counts) {
	for k, c := range from {
		add(into, k, c)
	}
}

func mergeNumbers(into, from map[string]uint64) {
	for k, n := range maps.All(from) {
		into[k] += n
	}
}

func add[K comparable](m map[K]Counts, k K, c Counts) {
	old := m[k]
	m[k] = Counts{old.Records + c.Records, old.Bytes + c.Bytes, old.Packets + c.Packets}
}

// count adds a record as flowd must, by the columns that its format has: a record without a field counts as unknown there.
func (t *Totals) count(f *format, r *record, ports map[uint16]bool) {
	status := "ok"
	if f.has["log-status"] {
		status = map[string]string{"OK": "ok", "NODATA": "nodata", "SKIPDATA": "skipdata"}[r.status]
	}
	t.RecordsRead[status]++
	if status != "ok" {
		return
	}
	v := f.visible(r)
	c := Counts{1, v.bytes, v.packets}
	add(t.Flows, FlowKey{v.account, v.vpc, v.action, v.direction, v.protocol}, c)
	add(t.Interfaces, InterfaceKey{v.account, v.vpc, v.subnet, v.eni, v.action}, c)
	add(t.Ports, PortKey{v.protocol, v.port(ports), v.action}, Counts{Records: 1, Bytes: v.bytes})
	t.TopSourceBytes += v.bytes
	t.TopDestinationBytes += v.bytes
	t.TopPairBytes += v.bytes
	if v.src != "" {
		t.SourceBytes[v.src] += v.bytes
	}
	if v.action == "reject" {
		t.TopRejectedSourceRecords++
		t.TopRejectedPortRecords++
	}
	if f.has["end"] {
		t.RecordAges++
	}
}

// view is what of a record can be seen through a format, in the words of the labels.
type view struct {
	account, vpc, subnet, eni, action, direction, protocol, src string
	hasPort                                                     bool
	dstPort                                                     uint16
	bytes, packets                                              uint64
}

func (f *format) visible(r *record) view {
	label := func(field, value string) string {
		if !f.has[field] || value == "" || value == "-" {
			return "unknown"
		}
		return value
	}
	v := view{
		account: label("account-id", r.account), vpc: label("vpc-id", r.vpc), subnet: label("subnet-id", r.subnet), eni: label("interface-id", r.eni),
		action:    map[string]string{"ACCEPT": "accept", "REJECT": "reject", "unknown": "unknown"}[label("action", r.action)],
		direction: label("flow-direction", r.direction), protocol: label("protocol", protocolLabel(r.protocol)),
		hasPort: f.has["dstport"], dstPort: r.dstPort,
	}
	if r.status != "OK" { // A format without log-status shows a record of dashes.
		v.action, v.direction, v.protocol, v.hasPort = "unknown", "unknown", "unknown", false
		return v
	}
	if f.has["srcaddr"] {
		v.src = r.src
	}
	if f.has["bytes"] {
		v.bytes = r.bytes
	}
	if f.has["packets"] {
		v.packets = r.packets
	}
	return v
}

func protocolLabel(n int) string {
	if name, ok := map[int]string{1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}[n]; ok {
		return name
	}
	return "other"
}

// port is the label of the destination port: its number when it is on the list and the protocol has ports.
func (v view) port(listed map[uint16]bool) string {
	if v.hasPort && listed[v.dstPort] && (v.protocol == "tcp" || v.protocol == "udp") {
		return strconv.Itoa(int(v.dstPort))
	}
	return "other"
}
