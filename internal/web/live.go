package web

import "time"

// Live is what flowd knows about its work at one moment. Whoever hands it over leaves it alone afterwards.
type Live struct {
	// Minutes are when traffic happened, oldest first; minutes without records may be left out.
	Minutes []Minute
	// CompleteUntil is the time up to which every flow log has been counted; zero while nobody knows.
	CompleteUntil time.Time
	NewestRecord  time.Time // End of the newest record counted; zero when none was.
	LastCommit    time.Time // Of this process; zero when it made none.
	FlowLogs      []FlowLog
	Coverage      Coverage
	Pipeline      Pipeline
}

// Minute is the traffic of one minute of event time.
type Minute struct {
	Time           time.Time // Its beginning.
	Accept, Reject uint64    // Records.
	Records        uint64    // Those with any action or none.
	Bytes          uint64
}

// FlowLog is up to when a flow log is complete.
type FlowLog struct {
	ID            string
	CompleteUntil time.Time
}

// Coverage is how many records of each log status were counted lately, and how many lines did not parse.
type Coverage struct {
	Since                          time.Time
	OK, NoData, SkipData, Unparsed uint64
}

// Ranking is a list of talkers.
type Ranking struct {
	Name  string // As the API calls it, and as a link to a talker does.
	Title string // As a person calls it.
	Of    string // What its talkers are, in a word: source, port.
	Unit  string // bytes or records.
	About string // What the numbers are, in a sentence.
	Total uint64 // What everybody has, those included that are not in the rows.
	Rows  []Talker
}

// Talker is one row of a ranking.
type Talker struct {
	Labels []string // What a link to it names.
	Title  string   // As a person calls it.
	About  string   // Where it is, such as a VPC; may be empty.
	Value  uint64   // In the unit of the ranking.
	Error  uint64   // How far the true value is away at most.
}

// Pipeline is how what is on its way is doing.
type Pipeline struct {
	// Queue is the number of messages by state: visible, in_flight, delayed, dead_letter. A state that nobody counted is not there.
	Queue map[string]uint64
	// Outage is what keeps flowd from receiving; empty while it receives.
	Outage, OutageCause string
	OutageSince         time.Time
	Received, Deleted   uint64 // Messages, since the process began.
	Objects             map[string]uint64
	// Failures are attempts at objects, Messages those at messages, that failed since RecentSince, by reason.
	Failures, Messages map[string]uint64
	RecentSince        time.Time
}

// History is how the counter of a talker moved, in the time at which records were counted.
type History struct {
	Ranking Ranking // Without rows.
	Talker  Talker  // Without numbers.
	Points  []Point // Oldest first.
	Search  string  // The command that shows the talker's records.
}

// Point is what was counted between two looks.
type Point struct {
	From, To time.Time
	Value    uint64
}

// Setting is one effective value, and where it comes from. Secrets are masked by whoever hands it over.
type Setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

// Inventory is what the counted records came from, and how much of what is bounded is in use.
type Inventory struct {
	Accounts   int      `json:"accounts"`
	VPCs       int      `json:"vpcs"`
	Subnets    int      `json:"subnets"`
	Interfaces int      `json:"interfaces"`
	FlowLogs   int      `json:"flow_logs"`
	Series     []Budget `json:"series"`
}

// Budget is what a bounded family has and may have.
type Budget struct {
	Family   string `json:"family"`
	Used     int    `json:"used"`
	Limit    int    `json:"limit"`
	Overflow uint64 `json:"overflow"` // Records that counted as other because of the limit, since the process began.
}
