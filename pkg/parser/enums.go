package parser

// Action is what security groups and network ACLs decided.
type Action uint8

// The actions.
const (
	ActionUnknown Action = iota // The record has no action: `-`, or the format has no such column.
	ActionAccept
	ActionReject
)

// String returns the action in lower case.
func (a Action) String() string {
	switch a {
	case ActionAccept:
		return "accept"
	case ActionReject:
		return "reject"
	}
	return "unknown"
}

// LogStatus says whether an aggregation interval was captured.
type LogStatus uint8

// The log statuses.
const (
	LogStatusOK       LogStatus = iota // Captured; also when the record does not say.
	LogStatusNoData                    // No traffic on the interface in the interval.
	LogStatusSkipData                  // Records were lost: a capacity limit or an internal error of AWS.
)

// String returns the log status in lower case.
func (s LogStatus) String() string {
	switch s {
	case LogStatusNoData:
		return "nodata"
	case LogStatusSkipData:
		return "skipdata"
	}
	return "ok"
}

// FlowDirection is relative to the interface, or to the transit gateway attachment.
type FlowDirection uint8

// The directions.
const (
	DirectionUnknown FlowDirection = iota // The record has none, or a word that AWS does not document.
	DirectionIngress
	DirectionEgress
)

// String returns the direction in lower case.
func (d FlowDirection) String() string {
	switch d {
	case DirectionIngress:
		return "ingress"
	case DirectionEgress:
		return "egress"
	}
	return "unknown"
}
