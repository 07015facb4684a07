package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/common/version"
)

// The states of flowd, in the order in which it goes through them.
const (
	stateStarting = "starting"
	stateReady    = "ready"
	stateDraining = "draining"
)

// Status is the JSON of /api/v1/status.
type Status struct {
	Version       string    `json:"version"`
	Revision      string    `json:"revision"`
	GoVersion     string    `json:"go_version"`
	State         string    `json:"state"`            // starting, ready or draining.
	Reason        string    `json:"reason,omitempty"` // Why it is not ready.
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
	status.State, status.Reason = s.state()
	if s.deps.Summary != nil {
		status.Totals = s.deps.Summary()
	}
	return status
}

func (s *Server) state() (state, reason string) {
	err := s.deps.Ready()
	switch {
	case err == nil:
		return stateReady, ""
	case s.deps.Draining != nil && errors.Is(err, s.deps.Draining):
		return stateDraining, err.Error()
	}
	return stateStarting, err.Error()
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	body, err := json.Marshal(s.current())
	if err != nil {
		http.Error(w, "encoding the status: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if _, err := w.Write(append(body, '\n')); err != nil {
		s.unsent(err)
	}
}
