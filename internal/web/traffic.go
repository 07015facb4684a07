package web

import "time"

const (
	// rateWindow is what the tiles look at; baseline is what came before it.
	rateWindow = 10 * time.Minute
	baseline   = time.Hour
	// period is a row of the table behind the chart.
	period = 10 * time.Minute
)

// traffic is what happened in a part of event time.
type traffic struct {
	from, to                       time.Time
	records, bytes, accept, reject uint64
}

func (t *traffic) seconds() float64 { return max(t.to.Sub(t.from).Seconds(), 1) }

// rejectRatio is rejected records of those that say what became of them.
func (t *traffic) rejectRatio() float64 { return ratio(t.reject, t.accept+t.reject) }

// between adds up the minutes that begin in a time.
func (l *Live) between(from, to time.Time) traffic {
	t := traffic{from: from, to: to}
	for _, m := range l.Minutes {
		if m.Time.Before(from) || !m.Time.Before(to) {
			continue
		}
		t.records += m.Records
		t.bytes += m.Bytes
		t.accept += m.Accept
		t.reject += m.Reject
	}
	return t
}

// recent is the last part of event time that is complete, or, while nothing is, the last that has anything. It begins no earlier than the first
// minute known, so that a young flowd does not divide by time that it has not seen. before is what came before it, empty when nothing is known.
func (l *Live) recent() (now, before traffic, complete bool) {
	if len(l.Minutes) == 0 {
		return traffic{}, traffic{}, false
	}
	first, end := l.Minutes[0].Time, l.Minutes[len(l.Minutes)-1].Time.Add(time.Minute)
	if until := l.CompleteUntil.Truncate(time.Minute); until.After(first) {
		end, complete = until, true
	}
	from := later(end.Add(-rateWindow), first)
	now = l.between(from, end)
	if earlier := later(from.Add(-baseline), first); earlier.Before(from) {
		before = l.between(earlier, from)
	}
	return now, before, complete
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Period is a row of the table behind the chart.
type Period struct {
	From     int64  `json:"from"`     // Unix seconds; it lasts ten minutes.
	Accept   uint64 `json:"accept"`   // Accepted records.
	Reject   uint64 `json:"reject"`   // Rejected records.
	Bytes    uint64 `json:"bytes"`    // Of all records.
	Arriving bool   `json:"arriving"` // Not everything of it is here yet.
}

// periods are newest first.
func (l *Live) periods() []Period {
	rows := []Period{}
	if len(l.Minutes) == 0 {
		return rows
	}
	first, last := l.Minutes[0].Time.Truncate(period), l.Minutes[len(l.Minutes)-1].Time.Truncate(period)
	for from := last; !from.Before(first); from = from.Add(-period) {
		t := l.between(from, from.Add(period))
		rows = append(rows, Period{
			From: from.Unix(), Accept: t.accept, Reject: t.reject, Bytes: t.bytes, Arriving: from.Add(period).After(l.CompleteUntil),
		})
	}
	return rows
}
