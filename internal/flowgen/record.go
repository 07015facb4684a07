package flowgen

import "net/netip"

// The zero value of each of these is what a record does not say: `-` in the text, unknown in the labels.
type (
	status    uint8
	action    uint8
	direction uint8
	transport uint8
)

// Values of a record, each with its text and its label at the same position of the lists below. A status is always said.
const (
	statusOK status = iota
	statusNoData
	statusSkipData
)

const (
	actionAccept action = 1 + iota
	actionReject
)

const (
	directionIngress direction = 1 + iota
	directionEgress
)

const (
	transportTCP transport = 1 + iota
	transportUDP
	transportICMP
	transportICMPv6
	transportGRE
)

func (s status) text() string  { return [...]string{"OK", "NODATA", "SKIPDATA"}[s] }
func (s status) label() string { return [...]string{"ok", "nodata", "skipdata"}[s] }

func (a action) text() string  { return [...]string{"", "ACCEPT", "REJECT"}[a] }
func (a action) label() string { return [...]string{"unknown", "accept", "reject"}[a] }

func (d direction) text() string  { return [...]string{"", "ingress", "egress"}[d] }
func (d direction) label() string { return [...]string{"unknown", "ingress", "egress"}[d] }

// number is the one of IANA.
func (t transport) number() uint64 { return [...]uint64{0, 6, 17, 1, 58, 47}[t] }
func (t transport) label() string {
	return [...]string{"unknown", "tcp", "udp", "icmp", "icmpv6", "other"}[t]
}

func (t transport) hasPorts() bool { return t == transportTCP || t == transportUDP }

// record is what a line is written from. Of NODATA and SKIPDATA only the interface, the times and the status are set.
type record struct {
	endpoint         *endpoint
	status           status
	action           action
	direction        direction
	transport        transport
	src, dst         netip.Addr
	srcPort, dstPort uint16
	packets, bytes   uint64
	start, end       int64  // Unix seconds; milliseconds in SKIPDATA, as seen in the wild.
	flags            uint64 // TCP flags, see https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html.
	path             uint64 // Traffic path; 0 is none.
	hash             uint32 // Makes up the values that do not matter.
}
