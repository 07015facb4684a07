package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// gate stands between flowd and the endpoint and holds back the reading of objects, so that a test decides when an object is in work.
type gate struct {
	*httptest.Server
	reached chan struct{} // Closed when a request is held back.
	opened  chan struct{}
}

// newGate is closed. Requests that flowd gives up leave it, so that a flowd that is gone does not hold it open.
func newGate(t *testing.T, endpoint string) *gate {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{reached: make(chan struct{}), opened: make(chan struct{})}
	var once sync.Once
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) } // Long polls of a flowd that ends.
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".log.gz") {
			once.Do(func() { close(g.reached) })
			select {
			case <-g.opened:
			case <-r.Context().Done():
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

// open lets through what is held back, and everything after it.
func (g *gate) open() { close(g.opened) }

// untilHeld waits until flowd is in the middle of reading an object.
func (g *gate) untilHeld(d *flowd) {
	d.t.Helper()
	d.until("an object to be read", func() bool {
		select {
		case <-g.reached:
			return true
		default:
			return false
		}
	})
}
