package web

import (
	"net/http"
	"net/http/pprof"
)

// contentSecurityPolicy allows scripts, style sheets, images and calls of this server, and nothing else: no inline script or style, no frame, no form,
// and no text that becomes markup or code on its way through a script.
// Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// openAPIPath is where the JSON API is described.
const openAPIPath = "/api/v1/openapi.yaml"

// routes is everything that is served. The mux answers 404 for other paths, and 405 with Allow for other methods; GET includes HEAD.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /status", s.statusPage)
	mux.HandleFunc("GET "+assetPath+"{name...}", s.asset)
	mux.Handle("GET /metrics", s.deps.Metrics)
	for path, handler := range s.api() {
		if handler != nil {
			mux.Handle("GET "+path, handler)
		}
	}
	if s.deps.History != nil {
		mux.HandleFunc("GET /talker", s.talker)
	}
	mux.HandleFunc("GET /-/healthy", s.healthy)
	mux.HandleFunc("GET /-/ready", s.ready)
	if s.cfg.EnableLifecycle {
		// A page of another site must not be able to reload flowd through somebody's browser.
		mux.Handle("POST /-/reload", http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.reload)))
	}
	if s.cfg.EnablePprof {
		profiles(mux)
	}
	return secured(mux)
}

// api is the JSON behind the pages, by path. A handler that is nil is not offered. The OpenAPI document has the same paths.
func (s *Server) api() map[string]http.Handler {
	paths := map[string]http.Handler{
		openAPIPath:        http.HandlerFunc(s.openAPI),
		"/api/v1/status":   http.HandlerFunc(s.status),
		"/api/v1/overview": http.HandlerFunc(s.overview),
		"/api/v1/config":   http.HandlerFunc(s.config),
		"/api/v1/runtime":  http.HandlerFunc(s.runtime),
		"/api/v1/top":      s.deps.Top,
		"/api/v1/minutes":  s.deps.Minutes,
	}
	if s.deps.Inventory != nil {
		paths["/api/v1/inventory"] = http.HandlerFunc(s.inventory)
	}
	if s.deps.History != nil {
		paths["/api/v1/history"] = http.HandlerFunc(s.history)
	}
	return paths
}

func profiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}

// secured sets the headers that every answer carries, errors included.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
