package parser

import "math"

// Parse reads one line, without its newline, into r. It allocates nothing, whether the line is well-formed or not.
//
// An error is a [Reason]; r's fields must not be used then. Too few or too many values come before everything else, then the leftmost bad value
// decides. Values in columns that were not asked for are not looked at, but they are counted. Text fields of r alias line.
func (f *Format) Parse(line []byte, r *Record) error {
	*r = Record{}
	if n := countValues(line); n != len(f.columns) {
		if n < len(f.columns) {
			return TooFewValues
		}
		return TooManyValues
	}
	i := 0
	for _, c := range f.columns[:f.needed] {
		for isSpace(line[i]) {
			i++
		}
		start := i
		for i < len(line) && !isSpace(line[i]) {
			i++
		}
		value := line[start:i]
		if c.kind == kindSkip || len(value) == 1 && value[0] == '-' {
			continue
		}
		if reason, ok := r.set(c, value); !ok {
			return reason
		}
		r.present.add(c.field)
	}
	return nil
}

// isSpace is what separates values. AWS writes one space; its documentation has samples with two, and files pass through tools that leave CRs.
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// countValues counts the steps from a space to a value.
func countValues(line []byte) int {
	n, inSpace := 0, 1
	for _, c := range line {
		space := 0
		if isSpace(c) {
			space = 1
		}
		n += inSpace &^ space
		inSpace = space
	}
	return n
}

// set stores one value. It is a switch on purpose: the plan says which case, and no case needs an allocation.
func (r *Record) set(c column, value []byte) (Reason, bool) {
	switch c.kind {
	case kindText:
		*r.text(c.field) = value
	case kindAddr:
		a, ok := parseAddr(value)
		*r.addrOf(c.field) = a
		return BadAddress, ok
	case kindUint64:
		v, reason, ok := parseUint(value, math.MaxUint64)
		*r.uint64Of(c.field) = v
		return reason, ok
	case kindInt64:
		return r.setTime(c.field, value)
	case kindPort, kindProtocol, kindInt32:
		return r.setSmall(c, value)
	case kindAction:
		return r.setAction(value)
	case kindLogStatus:
		return r.setLogStatus(value)
	case kindDirection:
		r.setDirection(value)
	}
	return 0, true
}

func (r *Record) setTime(f Field, value []byte) (Reason, bool) {
	v, reason, ok := parseUint(value, math.MaxInt64)
	if f == FieldStart {
		r.Start = int64(v)
	} else {
		r.End = int64(v)
	}
	return reason, ok
}

// setSmall stores integers of 32 bits and less.
func (r *Record) setSmall(c column, value []byte) (Reason, bool) {
	limit := uint64(math.MaxInt32)
	switch c.kind {
	case kindPort:
		limit = math.MaxUint16
	case kindProtocol:
		limit = math.MaxUint8
	}
	v, reason, ok := parseUint(value, limit)
	if !ok {
		return reason, false
	}
	switch c.field {
	case FieldSrcPort:
		r.SrcPort = uint16(v)
	case FieldDstPort:
		r.DstPort = uint16(v)
	case FieldProtocol:
		r.Protocol = uint8(v)
	default:
		r.setInt32(c.field, int32(v))
	}
	return 0, true
}

// Words are compared whole: `ACCEPTED` is not an accept.
func (r *Record) setAction(value []byte) (Reason, bool) {
	switch string(value) {
	case "ACCEPT":
		r.Action = ActionAccept
	case "REJECT":
		r.Action = ActionReject
	default:
		return BadAction, false
	}
	return 0, true
}

func (r *Record) setLogStatus(value []byte) (Reason, bool) {
	switch string(value) {
	case "OK":
		r.LogStatus = LogStatusOK
	case "NODATA":
		r.LogStatus = LogStatusNoData
	case "SKIPDATA":
		r.LogStatus = LogStatusSkipData
	default:
		return BadLogStatus, false
	}
	return 0, true
}

func (r *Record) setDirection(value []byte) {
	switch string(value) {
	case "ingress":
		r.FlowDirection = DirectionIngress
	case "egress":
		r.FlowDirection = DirectionEgress
	}
}

// parseUint reads a decimal number of at most limit. Digits beyond 64 bits are out of range; a sign is not part of any flow log number.
func parseUint(value []byte, limit uint64) (uint64, Reason, bool) {
	v, overflow := uint64(0), false
	for _, c := range value {
		d := uint64(c - '0')
		if d > 9 {
			return 0, BadNumber, false
		}
		if v > math.MaxUint64/10 || v == math.MaxUint64/10 && d > math.MaxUint64%10 {
			overflow = true
		}
		v = v*10 + d
	}
	if overflow || v > limit {
		return 0, OutOfRange, false
	}
	return v, 0, len(value) > 0
}
