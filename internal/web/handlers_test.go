package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"
)

func TestReadinessSaysWhyNot(t *testing.T) {
	cases := []struct {
		name          string
		err           error
		status        int
		state, reason string
	}{
		{"receiving", nil, 200, "ready", ""},
		{"starting", errors.New("the queue has not answered yet"), 503, "starting", "the queue has not answered yet"},
		{"draining", fmt.Errorf("stopping: %w", errDraining), 503, "draining", "stopping: draining"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg, deps := everything()
			deps.Ready = func() error { return c.err }
			s := newServer(t, cfg, deps)
			w := ask(t, s, http.MethodGet, "/-/ready")
			if w.Code != c.status {
				t.Errorf("got %d, want %d", w.Code, c.status)
			}
			wantContains(t, w.Body.String(), c.reason)
			if got := s.current(); got.State != c.state || got.Reason != c.reason {
				t.Errorf("got state %q because %q, want %q because %q", got.State, got.Reason, c.state, c.reason)
			}
			if got := ask(t, s, http.MethodGet, "/-/healthy").Code; got != http.StatusOK {
				t.Errorf("health: got %d, want 200 in every state", got)
			}
		})
	}
}

func TestHealthy(t *testing.T) {
	cfg, deps := everything()
	stuck := error(nil)
	deps.Healthy = func() error { return stuck }
	s := newServer(t, cfg, deps)
	if got := ask(t, s, http.MethodGet, "/-/healthy").Code; got != http.StatusOK {
		t.Errorf("got %d, want 200", got)
	}
	stuck = errors.New("a worker stands still")
	w := ask(t, s, http.MethodGet, "/-/healthy")
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("a worker stands still: got %d, want 503", w.Code)
	}
	wantContains(t, w.Body.String(), "flowd is not healthy: a worker stands still")
}

func TestStatusIsJSON(t *testing.T) {
	cfg, deps := everything()
	w := ask(t, newServer(t, cfg, deps), http.MethodGet, "/api/v1/status")
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("decoding %s: %v", w.Body, err)
	}
	want := map[string]any{"version": "1.2.3", "state": "ready", "ledger_durable": true, "queue_url": deps.Facts.QueueURL}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: got %v, want %v", k, got[k], v)
		}
	}
	if got := got["totals"].(map[string]any)["objects"]; got != 3.0 {
		t.Errorf("objects: got %v, want 3", got)
	}
	for _, k := range []string{"revision", "go_version", "started_at", "uptime_seconds"} {
		if _, ok := got[k]; !ok {
			t.Errorf("got no %s", k)
		}
	}
	if got := w.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("got type %q", got)
	}
}

// T09 secrets in the status: a queue's URL is shown without a user and a password, and not at all when it does not parse.
func TestT09_StatusHidesPasswords(t *testing.T) {
	for given, want := range map[string]string{
		"https://user:secret@host/1/flowd": `"queue_url":"https://host/1/flowd"`, "https://user:secret@host:port/": `"queue_url":""`,
	} {
		cfg, deps := everything()
		deps.Facts = &Facts{QueueURL: given}
		body := ask(t, newServer(t, cfg, deps), http.MethodGet, "/api/v1/status").Body.String()
		wantContains(t, body, want)
		if deps.Facts.QueueURL != given {
			t.Errorf("the caller's facts changed to %q", deps.Facts.QueueURL)
		}
	}
}

func TestStatusLeavesOutWhatItDoesNotKnow(t *testing.T) {
	cfg, deps := everything()
	deps.Facts, deps.Summary = nil, nil
	body := ask(t, newServer(t, cfg, deps), http.MethodGet, "/api/v1/status").Body.String()
	if regexp.MustCompile(`ledger_durable|queue_url|totals`).MatchString(body) {
		t.Errorf("got %s", body)
	}
}

func TestReload(t *testing.T) {
	cfg, deps := everything()
	var bad error
	deps.Reload = func() error { return bad }
	s := newServer(t, cfg, deps)
	if w := ask(t, s, http.MethodPost, "/-/reload"); w.Code != http.StatusOK {
		t.Errorf("got %d, want 200", w.Code)
	}
	bad = errors.New("flowd.yaml:3: unknown key")
	w := ask(t, s, http.MethodPost, "/-/reload")
	if w.Code != http.StatusInternalServerError {
		t.Errorf("got %d, want 500", w.Code)
	}
	wantContains(t, w.Body.String(), "flowd.yaml:3: unknown key")
}

// TestPagesEscapeAndLinkOnlyWhatIsServed looks at every page: with a queue, a reason and a talker that somebody made up.
func TestPagesEscapeAndLinkOnlyWhatIsServed(t *testing.T) {
	cfg, deps := everything()
	deps.Facts = &Facts{QueueURL: hostile}
	deps.Ready = func() error { return errors.New("<b>no</b>") }
	deps.Rankings = func() []Ranking {
		r := rankings()
		r[0].Rows[0].Title, r[0].Rows[0].Labels = hostile, []string{hostile}
		return r
	}
	s := newServer(t, cfg, deps)
	for path, least := range map[string]int{"/": 6, "/status": 12, "/talker?ranking=top_source&label=" + url.QueryEscape(hostile): 5} {
		page := ask(t, s, http.MethodGet, path).Body.String()
		wantContains(t, page, "&lt;script&gt;alert(1)")
		// The policy forbids what is inline, so the page may not have any.
		if m := regexp.MustCompile(`<script[^>]*>[^<]|<style|style="|\son[a-z]+="|<b>no`).FindString(page); m != "" {
			t.Errorf("%s: got %q in the page", path, m)
		}
		links := regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(page, -1)
		if len(links) < least {
			t.Errorf("%s: got %d links, want at least %d", path, len(links), least)
		}
		for _, l := range links {
			if got := ask(t, s, http.MethodGet, html.UnescapeString(l[1])).Code; got != http.StatusOK && l[1] != "/-/ready" {
				t.Errorf("%s: link %s: got %d, want 200", path, l[1], got)
			}
		}
	}
}

const hostile = `"><script>alert(1)</script>&x='`

// TestAnAssetIsLoadedOnce answers 304 to a browser that has it.
func TestAnAssetIsLoadedOnce(t *testing.T) {
	cfg, deps := everything()
	s := newServer(t, cfg, deps)
	tag := ask(t, s, http.MethodGet, "/assets/style.css").Header().Get("ETag")
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/assets/style.css", http.NoBody)
	r.Header.Set("If-None-Match", tag)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if tag == "" || w.Code != http.StatusNotModified {
		t.Errorf("got tag %q and %d, want 304", tag, w.Code)
	}
}
