package web

import (
	"bytes"
	"html/template"
	"math"
	"net/http"
	"time"
)

// link is a place of this server.
type link struct{ Path, Title, About string }

// pageData is what every page shows around what it is for.
type pageData struct {
	Title  string
	Status Status
	Uptime string
	Links  []link
	Now    time.Time
	Body   any // Of the page.
}

func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	o := s.overviewSoon()
	s.show(w, http.StatusOK, "index.html", stateWords(o.State), o)
}

// show writes a page. It is whole or an error, never the half of one.
func (s *Server) show(w http.ResponseWriter, status int, name, title string, body any) {
	data := pageData{Title: title, Status: s.current(), Links: s.links(), Now: time.Now(), Body: body}
	data.Uptime = span(time.Since(s.started))
	var text bytes.Buffer
	if err := s.pages.ExecuteTemplate(&text, name, data); err != nil {
		http.Error(w, "writing the page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := text.WriteTo(w); err != nil {
		s.unsent(err)
	}
}

// links names only what is served.
func (s *Server) links() []link {
	links := []link{{"/metrics", "Metrics", "what Prometheus scrapes"}, {"/status", "Status", "configuration, runtime, series and inventory"}}
	links = append(links, link{"/api/v1/overview", "Overview", "what the page shows, as JSON"})
	if s.deps.Top != nil {
		links = append(links, link{"/api/v1/top", "Top talkers", "heavy hitters with estimates and error bounds, as JSON"})
	}
	if s.deps.Minutes != nil {
		links = append(links, link{"/api/v1/minutes", "Minutes", "accepted and rejected traffic by the time when it happened, as JSON"})
	}
	links = append(links,
		link{"/api/v1/status", "State", "version, state and totals, as JSON"},
		link{openAPIPath, "API", "the JSON above, as an OpenAPI document"},
		link{"/-/healthy", "Health", "200 while the process serves and nothing in it stands still"},
		link{"/-/ready", "Readiness", "200 while messages are received, else 503 with the reason"})
	if s.cfg.EnablePprof {
		links = append(links, link{"/debug/pprof/", "Profiles", "of this process, for pprof"})
	}
	return links
}

// pageFuncs write numbers and times the same way on every page.
func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"state":  stateWords,
		"count":  countText,
		"unit":   unitText,
		"hour":   func(unix int64) string { return time.Unix(unix, 0).UTC().Format("15:04") },
		"stamp":  func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"time":   func(at time.Time) string { return at.UTC().Format("15:04:05") },
		"day":    func(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") },
		"query":  talkerQuery,
		"groups": groups,
		"bytes":  bytesText,
		"slack":  func(r TalkerRow) float64 { return r.High - r.Low },
		"limit":  limitText,
		"ratio":  func(part, other uint64) string { return percent(ratio(part, part+other)) },
		"share":  func(used, limit int) float64 { return onBar(uint64(used), uint64(limit)) },
	}
}

func stateWords(state string) string {
	if state == stateCircuitOpen {
		return "circuit open"
	}
	return state
}

// limitText knows that the runtime's largest number is no limit.
func limitText(bytes uint64) string {
	if bytes >= math.MaxInt64 {
		return "no limit"
	}
	return "limit " + bytesText(bytes)
}

// group is the rankings of one unit, for whoever chooses one.
type group struct {
	Title    string
	Rankings []RankingView
}

func groups(all []RankingView) []group {
	bytes, rejects := group{Title: "Bytes by"}, group{Title: "Rejects by"}
	for _, r := range all {
		if r.Unit == unitBytes {
			bytes.Rankings = append(bytes.Rankings, r)
		} else {
			rejects.Rankings = append(rejects.Rankings, r)
		}
	}
	return []group{bytes, rejects}
}
