package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDraining = errors.New("draining")

// everything is a server that offers all it can.
func everything() (Config, Deps) {
	cfg := Config{ListenAddresses: []string{"127.0.0.1:0"}, EnableLifecycle: true, EnablePprof: true}
	return cfg, Deps{
		Logger:   zap.NewNop(),
		Version:  "1.2.3",
		Metrics:  answer("flowd_ledger_durable 1\n"),
		Top:      answer("{}\n"),
		Ready:    func() error { return nil },
		Draining: errDraining,
		Facts:    &Facts{LedgerDurable: true, QueueURL: "https://sqs.eu-west-1.amazonaws.com/123456789012/flowd"},
		Live:     live,
		Rankings: rankings,
		History:  history,
		Settings: []Setting{{"sqs.queue-url", "https://sqs.eu-west-1.amazonaws.com/123456789012/flowd", "command line"}},
		Inventory: func() Inventory {
			return Inventory{Accounts: 1, VPCs: 2, Subnets: 3, Interfaces: 4, FlowLogs: 1, Series: []Budget{{"interface", 4, 2000, 1}}}
		},
		Minutes: answer("{}\n"),
		Summary: func() any { return map[string]int{"objects": 3} },
		Reload:  func() error { return nil },
	}
}

func answer(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
}

func newServer(t *testing.T, cfg Config, deps Deps) *Server {
	t.Helper()
	s, err := New(cfg, deps)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func ask(t *testing.T, s *Server, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
	return w
}

func wantContains(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("got %q, want it to contain %q", got, want)
	}
}
