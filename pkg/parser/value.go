package parser

import "math"

// set stores one value. It is a switch on purpose: the plan says which case, and no case needs an allocation.
func (r *Record) set(c column, value []byte) (Reason, bool) {
	switch c.kind {
	case kindText:
		*r.textOf(c.field) = value
	case kindAddr:
		a, ok := parseAddr(value)
		*r.addrOf(c.field) = a
		return BadAddress, ok
	case kindUint64:
		v, reason, ok := parseUint(value, math.MaxUint64)
		*r.uint64Of(c.field) = v
		return reason, ok
	case kindTime:
		v, reason, ok := parseUint(value, math.MaxInt64)
		*r.timeOf(c.field) = int64(v)
		return reason, ok
	case kindInt32:
		v, reason, ok := parseUint(value, math.MaxInt32)
		*r.int32Of(c.field) = int32(v)
		return reason, ok
	case kindPort:
		v, reason, ok := parseUint(value, math.MaxUint16)
		*r.portOf(c.field) = uint16(v)
		return reason, ok
	case kindProtocol:
		v, reason, ok := parseUint(value, math.MaxUint8)
		r.Protocol = uint8(v)
		return reason, ok
	case kindAction:
		return BadAction, r.setAction(value)
	case kindLogStatus:
		return BadLogStatus, r.setLogStatus(value)
	case kindDirection:
		r.setDirection(value)
	}
	return 0, true
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
	}
}

// parseUint reads a decimal number of at most limit; it is 0 when it is none. What has another byte than a digit anywhere is no number,
// however long it is; a sign is not part of any flow log number.
func parseUint(value []byte, limit uint64) (uint64, Reason, bool) {
	v, overflow := uint64(0), false
	for _, c := range value {
		d := uint64(c - '0')
		if d > 9 {
			return 0, BadNumber, false
		}
		if v >= math.MaxUint64/10 {
			overflow = overflow || v > math.MaxUint64/10 || d > math.MaxUint64%10
		}
		v = v*10 + d
	}
	if overflow || v > limit {
		return 0, OutOfRange, false
	}
	return v, 0, true
}
