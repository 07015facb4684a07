package web

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/common/version"
)

// The states of flowd.
const (
	stateStarting    = "starting"
	stateReady       = "ready"
	stateLagging     = "lagging"      // Ready, and what is complete is older than delivery explains.
	stateCircuitOpen = "circuit_open" // An outage keeps it from receiving.
	stateDraining    = "draining"
)

// Status is the JSON of /api/v1/status.
type Status struct {
	Version       string    `json:"version"`
	Revision      string    `json:"revision"`
	GoVersion     string    `json:"go_version"`
	State         string    `json:"state"`            // starting, ready, lagging, circuit_open or draining.
	Reason        string    `json:"reason,omitempty"` // Why it is not just ready.
	StartedAt     time.Time `json:"started_at"`       // RFC 3339, UTC.
	UptimeSeconds float64   `json:"uptime_seconds"`
	*Facts
	Totals any `json:"totals,omitempty"`
}

func (s *Server) current() Status {
	status := Status{
		Version:       s.deps.Version,
		Revision:      version.GetRevision(),
		GoVersion:     version.GoVersion,
		StartedAt:     s.started.UTC().Truncate(time.Second),
		UptimeSeconds: time.Since(s.started).Seconds(),
		Facts:         s.deps.Facts,
	}
	live := s.deps.Live()
	status.State, status.Reason = s.stateOf(&live, time.Now())
	if s.deps.Summary != nil {
		status.Totals = s.deps.Summary()
	}
	return status
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) { s.json(w, s.current()) }

func (s *Server) json(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encoding the answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if _, err := w.Write(append(body, '\n')); err != nil {
		s.unsent(err)
	}
}
