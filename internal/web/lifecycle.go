package web

import (
	"io"
	"net/http"

	"go.uber.org/zap"
)

// healthy answers 200 as long as the process serves and nothing in it stands still. It does not ask AWS: restarting flowd repairs nothing there.
func (s *Server) healthy(w http.ResponseWriter, _ *http.Request) {
	if s.deps.Healthy != nil {
		if err := s.deps.Healthy(); err != nil {
			s.text(w, http.StatusServiceUnavailable, "flowd is not healthy: "+err.Error()+"\n")
			return
		}
	}
	s.text(w, http.StatusOK, "flowd is healthy.\n")
}

// ready answers 503 with the reason until the queue has answered, and again while flowd drains.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if err := s.deps.Ready(); err != nil {
		s.text(w, http.StatusServiceUnavailable, "flowd is not ready: "+err.Error()+"\n")
		return
	}
	s.text(w, http.StatusOK, "flowd is ready.\n")
}

// reload answers 500 with the message when the configuration is bad; flowd then runs on with what it had.
func (s *Server) reload(w http.ResponseWriter, _ *http.Request) {
	if err := s.deps.Reload(); err != nil {
		s.deps.Logger.Error("configuration not reloaded", zap.Error(err))
		s.text(w, http.StatusInternalServerError, "configuration not reloaded: "+err.Error()+"\n")
		return
	}
	s.deps.Logger.Info("configuration reloaded")
	s.text(w, http.StatusOK, "configuration reloaded\n")
}

func (s *Server) text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := io.WriteString(w, body); err != nil {
		s.unsent(err)
	}
}

// unsent notes an answer that a client did not wait for. Nothing can be done about it.
func (s *Server) unsent(err error) {
	s.deps.Logger.Debug("answer not sent", zap.Error(err))
}
