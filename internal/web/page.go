package web

import (
	"bytes"
	"embed"
	"net/http"
	"time"
)

//go:embed assets
var assets embed.FS

const (
	indexFile = "assets/index.html"
	styleFile = "assets/style.css"
)

// link is one line of the page.
type link struct{ Path, Title, About string }

// pageData is what the template shows.
type pageData struct {
	Status
	Uptime string
	Links  []link
}

func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	data := pageData{Status: s.current(), Links: s.links()}
	data.Uptime = time.Since(s.started).Truncate(time.Second).String()
	var body bytes.Buffer
	if err := s.index.Execute(&body, data); err != nil {
		http.Error(w, "writing the page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if _, err := body.WriteTo(w); err != nil {
		s.unsent(err)
	}
}

// links names only what is served.
func (s *Server) links() []link {
	links := []link{{"/metrics", "Metrics", "what Prometheus scrapes"}}
	if s.deps.Top != nil {
		links = append(links, link{"/api/v1/top", "Top talkers", "heavy hitters with estimates and error bounds, as JSON"})
	}
	if s.deps.Minutes != nil {
		links = append(links, link{"/api/v1/minutes", "Minutes", "accepted and rejected traffic by the time when it happened, as JSON"})
	}
	links = append(links,
		link{"/api/v1/status", "Status", "version, state and totals, as JSON"},
		link{"/-/healthy", "Health", "200 while the process serves and nothing in it stands still"},
		link{"/-/ready", "Readiness", "200 while messages are received, else 503 with the reason"})
	if s.cfg.EnablePprof {
		links = append(links, link{"/debug/pprof/", "Profiles", "of this process, for pprof"})
	}
	return links
}

func (s *Server) style(w http.ResponseWriter, _ *http.Request) {
	sheet, err := assets.ReadFile(styleFile)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	if _, err := w.Write(sheet); err != nil {
		s.unsent(err)
	}
}
