package remotewrite

// The series, and their labels. Names are API.
const (
	metricRecords = "flowd_event_records_total"
	metricBytes   = "flowd_event_bytes_total"
	metricPackets = "flowd_event_packets_total"

	labelAccount = "account_id"
	labelVPC     = "vpc_id"
	labelAction  = "action"
)

func isOurs(label string) bool {
	return label == labelAccount || label == labelVPC || label == labelAction
}

// Source has the minutes. It may be called by any goroutine, and must not block.
type Source interface {
	// Closed returns at most n minutes that will not change any more and begin after the one that began at after, oldest first. It may leave out
	// minutes that it does not have any more.
	Closed(after int64, n int) []Minute
	// Position is the minute up to which an endpoint has everything: its beginning in Unix seconds, or 0 when nothing was ever sent to it.
	Position(endpoint string) int64
	// Sent says that an endpoint has everything up to a minute. That becomes durable soon; until then the minutes may be sent again.
	Sent(endpoint string, minute int64)
}

// Minute is one minute of event time.
type Minute struct {
	Begin  int64 // Unix seconds.
	Series []Series
}

// Series is what one account, VPC and action has counted since it was first seen.
type Series struct {
	AccountID, VPCID, Action string
	Records, Bytes, Packets  uint64 // Up to the end of the minute.
	// New says that it had nothing before this minute.
	New bool
}
