package parser

import "math"

// fill stores the values of columns, and stops at a bad one. It is one loop with a switch on purpose: the plan says which case, no case needs an
// allocation, and a call for each value is what would cost most.
func (r *Record) fill(plan []column, line []byte, starts *cuts) (Reason, bool) {
	for i := range plan {
		c := &plan[i]
		start, end := int(starts[c.at%maxCuts]), int(starts[(c.at+1)%maxCuts])-1
		if end-start == 1 && line[start] == '-' {
			r.unset(*c)
			continue
		}
		var reason Reason
		var v uint64
		ok := true
		switch c.kind {
		case kindText:
			*r.textOf(c.field) = line[start:end]
		case kindAddr:
			reason = BadAddress
			*r.addrOf(c.field), ok = addrAt(line, start, end)
		case kindUint64:
			*r.uint64Of(c.field), reason, ok = uintAt(line, start, end, math.MaxUint64)
		case kindTime:
			v, reason, ok = uintAt(line, start, end, math.MaxInt64)
			*r.timeOf(c.field) = int64(v)
		case kindInt32:
			v, reason, ok = uintAt(line, start, end, math.MaxInt32)
			*r.int32Of(c.field) = int32(v)
		case kindPort:
			v, reason, ok = uintAt(line, start, end, math.MaxUint16)
			*r.portOf(c.field) = uint16(v)
		case kindProtocol:
			v, reason, ok = uintAt(line, start, end, math.MaxUint8)
			r.Protocol = uint8(v)
		case kindAction:
			reason, ok = BadAction, r.setAction(line[start:end])
		case kindLogStatus:
			reason, ok = BadLogStatus, r.setLogStatus(line[start:end])
		case kindDirection:
			_ = r.setDirection(line[start:end])
		}
		if !ok {
			return reason, false
		}
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
		*r.addrOf(c.field) = Addr{}
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

// setDirection has no reason of its own: another word is an unknown direction, for which it is false, and the record counts.
func (r *Record) setDirection(value []byte) bool {
	switch string(value) {
	case "ingress":
		r.FlowDirection = DirectionIngress
	case "egress":
		r.FlowDirection = DirectionEgress
	default:
		r.FlowDirection = DirectionUnknown
		return false
	}
	return true
}
