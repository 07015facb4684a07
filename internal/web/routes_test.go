package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestEveryPathAnswersWithItsStatusAndTheHeaders(t *testing.T) {
	cfg, deps := everything()
	s := newServer(t, cfg, deps)
	cases := []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, "/", 200, ""},
		{http.MethodHead, "/", 200, ""},
		{http.MethodPost, "/", 405, "GET, HEAD"},
		{http.MethodGet, "/assets/style.css", 200, ""},
		{http.MethodGet, "/metrics", 200, ""},
		{http.MethodPost, "/metrics", 405, "GET, HEAD"},
		{http.MethodGet, "/api/v1/status", 200, ""},
		{http.MethodDelete, "/api/v1/status", 405, "GET, HEAD"},
		{http.MethodGet, "/api/v1/top", 200, ""},
		{http.MethodGet, "/api/v1/none", 404, ""},
		{http.MethodGet, "/status", 200, ""},
		{http.MethodGet, "/talker?ranking=top_source&label=10.0.0.1", 200, ""},
		{http.MethodGet, "/talker?ranking=nonsense&label=10.0.0.1", 400, ""},
		{http.MethodGet, "/api/v1/overview", 200, ""},
		{http.MethodGet, "/api/v1/history", 400, ""},
		{http.MethodGet, "/api/v1/openapi.yaml", 200, ""},
		{http.MethodGet, "/assets/vendor/uPlot.iife.min.js", 200, ""},
		{http.MethodGet, "/assets/openapi.yaml", 404, ""},
		{http.MethodGet, "/assets/vendor/../page.js", 307, ""},
		{http.MethodGet, "/-/healthy", 200, ""},
		{http.MethodHead, "/-/healthy", 200, ""},
		{http.MethodPut, "/-/healthy", 405, "GET, HEAD"},
		{http.MethodGet, "/-/ready", 200, ""},
		{http.MethodHead, "/-/ready", 200, ""},
		{http.MethodGet, "/-/reload", 405, "POST"},
		{http.MethodPost, "/-/reload", 200, ""},
		{http.MethodGet, "/debug/pprof/", 200, ""},
		{http.MethodGet, "/debug/pprof/cmdline", 200, ""},
		{http.MethodGet, "/debug/pprof/goroutine", 200, ""},
		{http.MethodGet, "/favicon.ico", 404, ""},
		{http.MethodGet, "/assets/index.html", 404, ""},
	}
	for _, c := range cases {
		w := ask(t, s, c.method, c.path)
		if w.Code != c.status || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: got %d, Allow %q; want %d, Allow %q", c.method, c.path, w.Code, w.Header().Get("Allow"), c.status, c.allow)
		}
		for header, want := range map[string]string{
			"Content-Security-Policy": contentSecurityPolicy,
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
		} {
			if got := w.Header().Get(header); got != want {
				t.Errorf("%s %s: got %s %q, want %q", c.method, c.path, header, got, want)
			}
		}
	}
}

// T12 profiles show memory: they are not there unless asked for, and then only where every address is on loopback.
func TestT12_ProfilingIsOffAndOnLoopback(t *testing.T) {
	_, deps := everything()
	s := newServer(t, DefaultConfig(), deps)
	for _, profile := range []string{"", "cmdline", "profile", "symbol", "trace", "heap", "goroutine"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if got := ask(t, s, method, "/debug/pprof/"+profile).Code; got != http.StatusNotFound {
				t.Errorf("%s of %q: got %d, want 404", method, profile, got)
			}
		}
	}
	for _, address := range []string{":10420", "0.0.0.0:10420", "[::]:10420", "10.0.0.1:10420", "example.com:10420", "127.0.0.1.example.com:10420"} {
		if _, err := New(Config{ListenAddresses: []string{"127.0.0.1:0", address}, EnablePprof: true}, deps); err == nil {
			t.Errorf("profiling on %s: got nil, want an error", address)
		}
	}
}

func TestWhatIsNotEnabledIsNotThere(t *testing.T) {
	_, deps := everything()
	deps.Top = nil
	s := newServer(t, DefaultConfig(), deps)
	for _, path := range []string{"/-/reload", "/api/v1/top"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if got := ask(t, s, method, path).Code; got != http.StatusNotFound {
				t.Errorf("%s %s: got %d, want 404", method, path, got)
			}
		}
	}
}

func TestAnotherSiteCannotReload(t *testing.T) {
	cfg, deps := everything()
	deps.Reload = func() error { t.Error("reloaded"); return nil }
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/-/reload", http.NoBody)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	newServer(t, cfg, deps).Handler().ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("got %d, want 403", w.Code)
	}
}
