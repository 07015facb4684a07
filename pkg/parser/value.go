package parser

import (
	"math"
	"net/netip"
)

// set stores the value of one column, line[start:end]. It is a switch on purpose: the plan says which case, and no case needs an allocation.
func (r *Record) set(c column, line []byte, start, end int) (Reason, bool) {
	if end-start == 1 && line[start] == '-' {
		r.unset(c)
		return 0, true
	}
	switch c.kind {
	case kindText:
		*r.textOf(c.field) = line[start:end]
	case kindAddr:
		a, ok := addrAt(line, start, end)
		*r.addrOf(c.field) = a
		return BadAddress, ok
	case kindUint64:
		v, reason, ok := uintAt(line, start, end, math.MaxUint64)
		*r.uint64Of(c.field) = v
		return reason, ok
	case kindTime:
		v, reason, ok := uintAt(line, start, end, math.MaxInt64)
		*r.timeOf(c.field) = int64(v)
		return reason, ok
	case kindInt32:
		v, reason, ok := uintAt(line, start, end, math.MaxInt32)
		*r.int32Of(c.field) = int32(v)
		return reason, ok
	case kindPort:
		v, reason, ok := uintAt(line, start, end, math.MaxUint16)
		*r.portOf(c.field) = uint16(v)
		return reason, ok
	case kindProtocol:
		v, reason, ok := uintAt(line, start, end, math.MaxUint8)
		r.Protocol = uint8(v)
		return reason, ok
	case kindAction:
		return BadAction, r.setAction(line[start:end])
	case kindLogStatus:
		return BadLogStatus, r.setLogStatus(line[start:end])
	case kindDirection:
		r.setDirection(line[start:end])
	}
	return 0, true
}

// unset makes the field of a column absent.
func (r *Record) unset(c column) {
	r.present.remove(c.field)
	switch c.kind {
	case kindText:
		*r.textOf(c.field) = nil
	case kindAddr:
		*r.addrOf(c.field) = netip.Addr{}
	case kindUint64:
		*r.uint64Of(c.field) = 0
	case kindTime:
		*r.timeOf(c.field) = 0
	case kindInt32:
		*r.int32Of(c.field) = 0
	case kindPort:
		*r.portOf(c.field) = 0
	case kindProtocol:
		r.Protocol = 0
	case kindAction:
		r.Action = ActionUnknown
	case kindLogStatus:
		r.LogStatus = LogStatusOK
	case kindDirection:
		r.FlowDirection = DirectionUnknown
	}
}

// Words are compared whole: `ACCEPTED` is not an accept.
func (r *Record) setAction(value []byte) bool {
	switch string(value) {
	case "ACCEPT":
		r.Action = ActionAccept
	case "REJECT":
		r.Action = ActionReject
	default:
		return false
	}
	return true
}

func (r *Record) setLogStatus(value []byte) bool {
	switch string(value) {
	case "OK":
		r.LogStatus = LogStatusOK
	case "NODATA":
		r.LogStatus = LogStatusNoData
	case "SKIPDATA":
		r.LogStatus = LogStatusSkipData
	default:
		return false
	}
	return true
}

// setDirection has no reason of its own: another word is an unknown direction, and the record counts.
func (r *Record) setDirection(value []byte) {
	switch string(value) {
	case "ingress":
		r.FlowDirection = DirectionIngress
	case "egress":
		r.FlowDirection = DirectionEgress
	default:
		r.FlowDirection = DirectionUnknown
	}
}
