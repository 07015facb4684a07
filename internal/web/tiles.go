package web

import "time"

// Tile is one of the numbers on top of the page.
type Tile struct {
	Name   string  `json:"name"` // flows, rejects, bytes or lag.
	Title  string  `json:"title"`
	Value  float64 `json:"value"` // In flows/s, as a ratio, in bytes/s, in seconds; 0 while there is nothing to show.
	Text   string  `json:"text"`  // Value, without its unit.
	Unit   string  `json:"unit"`
	About  string  `json:"about"`  // What it is of.
	Status string  `json:"status"` // ok or warn.
}

const nothing = "–"

func (l *Live) tiles(now time.Time) []Tile {
	recent, before, complete := l.recent()
	about := aboutTraffic(recent, complete, now)
	tiles := []Tile{
		{Name: "flows", Title: "Flows", Unit: "/s", Text: nothing, About: about, Status: statusOK},
		{Name: "rejects", Title: "Rejected", Unit: "%", Text: nothing, About: "no records yet", Status: statusOK},
		{Name: "bytes", Title: "Throughput", Unit: "B/s", Text: nothing, About: about, Status: statusOK},
		l.lagTile(now),
	}
	if recent.to.IsZero() {
		return tiles
	}
	perSecond(&tiles[0], float64(recent.records)/recent.seconds())
	perSecond(&tiles[2], float64(recent.bytes)/recent.seconds())
	tiles[1].Value, tiles[1].Text = recent.rejectRatio(), withoutUnit(percent(recent.rejectRatio()))
	tiles[1].About = plural(recent.reject, "record", "records") + " in " + span(recent.to.Sub(recent.from))
	if before.accept+before.reject > 0 {
		tiles[1].About = percent(before.rejectRatio()) + " in the " + span(before.to.Sub(before.from)) + " before"
	}
	return tiles
}

func perSecond(t *Tile, v float64) {
	number, prefix := quantity(v)
	t.Value, t.Text, t.Unit = v, number, prefix+t.Unit
}

func withoutUnit(percent string) string { return percent[:len(percent)-len(" %")] }

func aboutTraffic(t traffic, complete bool, now time.Time) string {
	switch {
	case t.to.IsZero():
		return "no records yet"
	case complete:
		return clock(t.from, now) + "–" + clock(t.to, now) + ", complete"
	}
	return clock(t.from, now) + "–" + clock(t.to, now) + ", still arriving"
}

// lagTile is how far behind now the data are complete.
func (l *Live) lagTile(now time.Time) Tile {
	t := Tile{Name: "lag", Title: "Data lag", Text: nothing, About: "no flow log is complete yet", Status: statusOK}
	if !l.NewestRecord.IsZero() {
		t.About = "newest record is " + span(now.Sub(l.NewestRecord)) + " old"
	}
	if l.CompleteUntil.IsZero() {
		return t
	}
	lag := max(now.Sub(l.CompleteUntil), 0)
	t.Value, t.Text = lag.Seconds(), span(lag)
	if lag > lagLimit {
		t.Status = statusWarn
	}
	return t
}

// CoverageShare is what the flow logs could see lately.
type CoverageShare struct {
	Since    int64          `json:"since"` // Of the counting.
	About    string         `json:"about"`
	Parts    []CoveragePart `json:"parts"`    // OK, NODATA, SKIPDATA.
	Unparsed uint64         `json:"unparsed"` // Lines that did not parse.
}

// CoveragePart is the records of one log status.
type CoveragePart struct {
	Name    string  `json:"name"`
	About   string  `json:"about"`
	Records uint64  `json:"records"`
	Text    string  `json:"text"`    // Records.
	Share   string  `json:"share"`   // Of all records.
	Percent float64 `json:"percent"` // The same as a number.
	Status  string  `json:"status"`  // ok or warn.
}

func (c Coverage) shares(now time.Time) CoverageShare {
	all := c.OK + c.NoData + c.SkipData
	part := func(name, about string, n uint64) CoveragePart {
		return CoveragePart{Name: name, About: about, Records: n, Text: countText(n), Share: percent(ratio(n, all)), Percent: onBar(n, all), Status: statusOK}
	}
	s := CoverageShare{Since: unix(c.Since), About: "since " + clock(c.Since, now) + " UTC", Unparsed: c.Unparsed, Parts: []CoveragePart{
		part("OK", "traffic was logged", c.OK), part("NODATA", "no traffic", c.NoData), part("SKIPDATA", "skipped by AWS", c.SkipData),
	}}
	if c.SkipData > 0 {
		s.Parts[2].Status = statusWarn
	}
	return s
}
