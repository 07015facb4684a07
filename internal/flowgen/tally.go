package flowgen

import (
	"net/netip"
	"strconv"
)

// tally counts the records of one object after the other by what they are, and says at the end what flowd must make of them. Every format has the
// addresses, the destination port, packets, bytes and the end; what else a format may lack is looked at when labels are made.
type tally struct {
	listed    map[uint16]bool
	format    *format
	hasStatus bool
	read      [3]uint64 // By status.
	flows     map[flowCell]Counts
	ports     map[portCell]Counts
	sources   map[netip.Addr]uint64 // Bytes.
	malformed map[string]uint64     // By reason.
}

type flowCell struct {
	endpoint  *endpoint
	action    action
	direction direction
	transport transport
}

// portCell has port 0 for every port that is not listed, and for records without ports.
type portCell struct {
	port      uint16
	transport transport
	action    action
}

func newTally(ports []uint16) *tally {
	t := &tally{
		listed: map[uint16]bool{}, flows: map[flowCell]Counts{}, ports: map[portCell]Counts{}, sources: map[netip.Addr]uint64{}, malformed: map[string]uint64{},
	}
	for _, p := range ports {
		t.listed[p] = true
	}
	return t
}

func (t *tally) begin(f *format) {
	t.format, t.hasStatus, t.read = f, f.has["log-status"], [3]uint64{}
	clear(t.flows)
	clear(t.ports)
	clear(t.sources)
	clear(t.malformed)
}

// add counts a record. Where the format does not say the status, a record without data looks like one that says nothing, and is one here.
func (t *tally) add(r *record) {
	if t.hasStatus && r.status != statusOK {
		t.read[r.status]++
		return
	}
	t.read[statusOK]++
	c := Counts{1, r.bytes, r.packets}
	add(t.flows, flowCell{r.endpoint, r.action, r.direction, r.transport}, c)
	cell := portCell{transport: r.transport, action: r.action}
	if t.listed[r.dstPort] {
		cell.port = r.dstPort
	}
	add(t.ports, cell, Counts{Records: 1, Bytes: r.bytes})
	if r.src.IsValid() {
		t.sources[r.src] += r.bytes
	}
}

// totals says what flowd must show, by the fields that the format has: what a record does not say counts as unknown.
func (t *tally) totals() *Totals {
	out := newTotals()
	for s, n := range t.read {
		if n > 0 {
			out.RecordsRead[status(s).label()] = n
		}
	}
	for reason, n := range t.malformed {
		out.Malformed[reason] = n
	}
	for cell, c := range t.flows {
		t.addFlow(out, cell, c)
	}
	for cell, c := range t.ports {
		t.addPort(out, cell, c)
	}
	for address, n := range t.sources {
		out.SourceBytes[address.String()] = n
	}
	return out
}

// visible is a label, or unknown when the format lacks the field or the record the value.
func (t *tally) visible(field, label string) string {
	if !t.format.has[field] || label == "" {
		return "unknown"
	}
	return label
}

func (t *tally) addFlow(out *Totals, cell flowCell, c Counts) {
	e, action := cell.endpoint, t.visible("action", cell.action.label())
	account, vpc := t.visible("account-id", e.account), t.visible("vpc-id", e.vpc)
	add(out.Flows, FlowKey{account, vpc, action, t.visible("flow-direction", cell.direction.label()), t.visible("protocol", cell.transport.label())}, c)
	add(out.Interfaces, InterfaceKey{account, vpc, t.visible("subnet-id", e.subnet), t.visible("interface-id", e.eni), action}, c)
	out.TopSourceBytes += c.Bytes
	out.TopDestinationBytes += c.Bytes
	out.TopPairBytes += c.Bytes
	out.RecordAges += c.Records
	if action == "reject" {
		out.TopRejectedSourceRecords += c.Records
		out.TopRejectedPortRecords += c.Records
	}
}

func (t *tally) addPort(out *Totals, cell portCell, c Counts) {
	port := "other"
	if cell.port != 0 {
		port = strconv.Itoa(int(cell.port))
	}
	add(out.Ports, PortKey{t.visible("protocol", cell.transport.label()), port, t.visible("action", cell.action.label())}, c)
}
