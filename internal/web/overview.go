package web

import (
	"net/http"
	"sync"
	"time"
)

// Overview is the JSON of /api/v1/overview: all that the page shows but for the chart. Whatever is called text is as the page writes it, in English.
type Overview struct {
	Time          int64         `json:"time"` // When it was made, Unix seconds, as all times here.
	Version       string        `json:"version"`
	State         string        `json:"state"`          // starting, ready, lagging, draining or circuit_open.
	Verdict       string        `json:"verdict"`        // One sentence.
	Problems      []string      `json:"problems"`       // What is wrong, worst first; empty when nothing is.
	UptimeSeconds float64       `json:"uptime_seconds"` // Of the process.
	CompleteUntil int64         `json:"complete_until"` // Up to when every flow log is complete, 0 while nobody knows.
	Tiles         []Tile        `json:"tiles"`
	Coverage      CoverageShare `json:"coverage"`
	Pipeline      []Stage       `json:"pipeline"` // From queue to commit.
	Periods       []Period      `json:"periods"`  // Newest first.
	Rankings      []RankingView `json:"rankings"`
}

// RankingView is a ranking with its shares.
type RankingView struct {
	Name  string      `json:"name"`
	Title string      `json:"title"`
	Of    string      `json:"of"`    // What its talkers are, in a word.
	Unit  string      `json:"unit"`  // bytes or records.
	About string      `json:"about"` // What the numbers are.
	Total uint64      `json:"total"` // What everybody has.
	Rest  uint64      `json:"rest"`  // What those have together who are not in the rows.
	Text  string      `json:"text"`  // Rest.
	Share string      `json:"share"` // Rest of total.
	Rows  []TalkerRow `json:"rows"`  // Heaviest first.
}

// TalkerRow is a talker with its share.
type TalkerRow struct {
	Labels []string `json:"labels"` // For /api/v1/history.
	Title  string   `json:"title"`
	About  string   `json:"about"` // Where it is, may be empty.
	Value  uint64   `json:"value"`
	Error  uint64   `json:"error"` // The true value is at most so far away.
	Text   string   `json:"text"`  // Value.
	Bound  string   `json:"bound"` // Error; empty when the value is exact.
	Share  string   `json:"share"` // Value of total.
	Bar    float64  `json:"bar"`   // Value in percent of the first row.
	Low    float64  `json:"low"`   // Where the error begins on the bar, in percent of the first row,
	High   float64  `json:"high"`  // and where it ends, at most 100.
}

func (s *Server) overviewNow() Overview {
	live, now := s.deps.Live(), time.Now()
	health := s.healthOf(&live, now)
	o := Overview{
		Time: now.Unix(), Version: s.deps.Version, State: health.state, Verdict: health.verdict(&live, now), Problems: health.problems(),
		UptimeSeconds: now.Sub(s.started).Seconds(), CompleteUntil: unix(live.CompleteUntil), Tiles: live.tiles(now),
		Coverage: live.Coverage.shares(now), Pipeline: health.stages, Periods: live.periods(), Rankings: []RankingView{},
	}
	if s.deps.Rankings != nil {
		for _, r := range s.deps.Rankings() {
			o.Rankings = append(o.Rankings, r.view())
		}
	}
	return o
}

// overviewAge is how old an overview may be that is shown. Making one copies the rankings: that must not cost more the more people look.
const overviewAge = time.Second

// lastOverview is shared by all who look within overviewAge.
type lastOverview struct {
	mu   sync.Mutex
	made time.Time
	o    Overview
}

// overviewSoon is at most overviewAge old. Nobody may write to it.
func (s *Server) overviewSoon() Overview {
	s.last.mu.Lock()
	defer s.last.mu.Unlock()
	if now := time.Now(); now.Sub(s.last.made) >= overviewAge {
		s.last.o, s.last.made = s.overviewNow(), now
	}
	return s.last.o
}

func (s *Server) overview(w http.ResponseWriter, _ *http.Request) { s.json(w, s.overviewSoon()) }

func (r *Ranking) view() RankingView {
	v := RankingView{Name: r.Name, Title: r.Title, Of: r.Of, Unit: r.Unit, About: r.About, Total: r.Total, Rest: r.Total, Rows: []TalkerRow{}}
	for _, t := range r.Rows {
		v.Rest -= min(t.Value, v.Rest)
		v.Rows = append(v.Rows, r.row(t, r.Rows[0].Value))
	}
	v.Text, v.Share = unitText(v.Rest, r.Unit), percent(ratio(v.Rest, r.Total))
	return v
}

func (r *Ranking) row(t Talker, first uint64) TalkerRow {
	row := TalkerRow{
		Labels: t.Labels, Title: t.Title, About: t.About, Value: t.Value, Error: t.Error, Text: unitText(t.Value, r.Unit),
		Share: percent(ratio(t.Value, r.Total)), Bar: onBar(t.Value, first), Low: onBar(t.Value-min(t.Error, t.Value), first), High: onBar(t.Value+t.Error, first),
	}
	if t.Error > 0 {
		row.Bound = "± " + unitText(t.Error, r.Unit)
	}
	return row
}

// onBar is in percent of the first row, with one digit.
func onBar(v, first uint64) float64 {
	return float64(int(min(ratio(v, first), 1)*1000)) / 10
}
