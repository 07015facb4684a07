package metrics

import (
	"strconv"

	"flowd/pkg/parser"
)

// Label values that stand for many, or for none.
const (
	labelOther   = "other"   // Past a bound, or not a value that a label may have.
	labelUnknown = "unknown" // The record has no such field, or `-` in it.
)

// protocol is a protocol as the label shows it. The label, not the IANA number, is the key: two numbers that share a label share a series.
type protocol uint8

const (
	protocolUnknown protocol = iota
	protocolTCP
	protocolUDP
	protocolICMP
	protocolICMPv6
	protocolOther
	numProtocols
)

func (p protocol) String() string {
	return [numProtocols]string{labelUnknown, "tcp", "udp", "icmp", "icmpv6", labelOther}[p]
}

func parseProtocol(s string) (protocol, bool) {
	for p := range numProtocols {
		if p.String() == s {
			return p, true
		}
	}
	return 0, false
}

// protocolOf maps the IANA protocol number of r.
// Source: https://www.iana.org/assignments/protocol-numbers
func protocolOf(r *parser.Record) protocol {
	if !r.Has(parser.FieldProtocol) {
		return protocolUnknown
	}
	switch r.Protocol {
	case 6:
		return protocolTCP
	case 17:
		return protocolUDP
	case 1:
		return protocolICMP
	case 58:
		return protocolICMPv6
	}
	return protocolOther
}

// How many values the action and the direction have, the unknown one included.
const (
	numActions    = 3
	numDirections = 3
	numStatuses   = 3
)

// cleanLabel makes an identifier a label value. Whoever can write to the bucket decides these bytes, so what is not printable ASCII, or
// longer than any AWS identifier, becomes "other" and can neither break a scrape nor fill memory.
func cleanLabel(id string) string {
	if id == "" {
		return labelUnknown
	}
	if !isLabel(id) {
		return labelOther
	}
	return id
}

func isLabel(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= maxLabelBytes
}

func portLabel(port uint16) string { return strconv.Itoa(int(port)) }

// Fields are the fields that counting needs. Callers ask the parser for just these, so that it stops at the last of them.
func Fields() parser.FieldSet {
	return parser.NewFieldSet(
		parser.FieldAccountID, parser.FieldVPCID, parser.FieldSubnetID, parser.FieldInterfaceID,
		parser.FieldSrcAddr, parser.FieldDstAddr, parser.FieldDstPort, parser.FieldProtocol,
		parser.FieldPackets, parser.FieldBytes, parser.FieldStart, parser.FieldEnd,
		parser.FieldAction, parser.FieldFlowDirection, parser.FieldLogStatus,
	)
}

// AnalysisFields are those of them that an [Analysis] needs: it has no labels. The others with a value that can be bad are among them, so that the
// same records are malformed.
func AnalysisFields() parser.FieldSet {
	return parser.NewFieldSet(
		parser.FieldSrcAddr, parser.FieldDstAddr, parser.FieldDstPort, parser.FieldProtocol,
		parser.FieldPackets, parser.FieldBytes, parser.FieldStart, parser.FieldEnd,
		parser.FieldAction, parser.FieldLogStatus,
	)
}
