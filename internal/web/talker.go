package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// HistoryAnswer is the JSON of /api/v1/history.
type HistoryAnswer struct {
	Ranking string      `json:"ranking"`
	Labels  []string    `json:"labels"`
	Unit    string      `json:"unit"`  // bytes or records.
	Clock   string      `json:"clock"` // arrival: points are when records were counted, which is minutes after they happened.
	Points  []PointView `json:"points"`
	Search  string      `json:"search"` // The command that shows the records.
}

// PointView is what was counted between two looks at an exact counter.
type PointView struct {
	From  int64  `json:"from"` // Unix seconds.
	To    int64  `json:"to"`
	Value uint64 `json:"value"`
}

// bar is a point as a page draws it, in the coordinates of a picture of 1000 by 100.
type bar struct {
	X, Y, Width, Height float64
	Point               Point
}

// talkerData is what the page of a talker shows.
type talkerData struct {
	History
	Bars   []bar
	From   time.Time // Where the picture begins.
	Newest []Point   // The points, newest first.
	Peak   uint64
	Sum    uint64
}

// find reads the query of a talker; it answers by itself when there is no such ranking.
func (s *Server) find(w http.ResponseWriter, r *http.Request) (History, bool) {
	const mostLabels = 4 // Of an interface.
	q := r.URL.Query()
	if labels := q["label"]; len(labels) > 0 && len(labels) <= mostLabels {
		if h, ok := s.deps.History(q.Get("ranking"), labels); ok {
			return h, true
		}
	}
	http.Error(w, "ranking and label must name a ranking and the labels of a row, as /api/v1/overview has them", http.StatusBadRequest)
	return History{}, false
}

func (s *Server) history(w http.ResponseWriter, r *http.Request) {
	h, ok := s.find(w, r)
	if !ok {
		return
	}
	answer := HistoryAnswer{Ranking: h.Ranking.Name, Labels: h.Talker.Labels, Unit: h.Ranking.Unit, Clock: "arrival", Points: []PointView{}, Search: h.Search}
	for _, p := range h.Points {
		answer.Points = append(answer.Points, PointView{p.From.Unix(), p.To.Unix(), p.Value})
	}
	s.json(w, answer)
}

func (s *Server) talker(w http.ResponseWriter, r *http.Request) {
	h, ok := s.find(w, r)
	if !ok {
		return
	}
	data := talkerData{History: h, Newest: slices.Clone(h.Points)}
	slices.Reverse(data.Newest)
	for _, p := range h.Points {
		data.Peak, data.Sum = max(data.Peak, p.Value), data.Sum+p.Value
	}
	data.From, data.Bars = bars(h.Points, data.Peak)
	s.show(w, http.StatusOK, "talker.html", h.Talker.Title, data)
}

// bars draws points by their times, so that a gap in them is one in the picture.
func bars(points []Point, peak uint64) (begin time.Time, all []bar) {
	if len(points) == 0 || peak == 0 {
		return begin, nil
	}
	const (
		gap   = 0.15 // Of a bar.
		least = 40   // Bars in the picture, so that a short history does not look like a long one.
	)
	first, end := points[0], points[len(points)-1].To
	begin = first.From
	if earlier := end.Add(-least * first.To.Sub(first.From)); earlier.Before(begin) {
		begin = earlier
	}
	whole := end.Sub(begin).Seconds()
	for _, p := range points {
		wide, high := 1000*p.To.Sub(p.From).Seconds()/whole, 100*ratio(p.Value, peak)
		all = append(all, bar{X: 1000 * p.From.Sub(begin).Seconds() / whole, Y: 100 - high, Width: wide * (1 - gap), Height: high, Point: p})
	}
	return begin, all
}

// talkerQuery is the query of a link to a talker.
func talkerQuery(ranking string, labels []string) template.URL {
	return template.URL(url.Values{"ranking": {ranking}, "label": labels}.Encode()) // Encoded already, so there is nothing left to escape.
}
