package metrics

import "net/http"

// ObserveScrapes wraps the handler that serves this collector. It learns from whole, successful answers which zeros were read: those label
// sets show what they counted from then on, so that `increase()` misses nothing. A filtered answer does not count, it may lack the zeros.
//
// The handler must collect after it was called: with promhttp's CoalesceGather an answer may be older than its request.
func (t *Totals) ObserveScrapes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Read before the scrape: whatever snapshot the scrape takes is this one or a later one.
		generation := t.snapshot.Load().generation
		watched := &watchedWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(watched, r)
		if r.Method == http.MethodGet && !r.URL.Query().Has("name[]") && watched.complete() && r.Context().Err() == nil {
			t.noteScrape(generation)
		}
	})
}

func (t *Totals) noteScrape(generation uint64) {
	for {
		seen := t.scraped.Load()
		if generation <= seen {
			return
		}
		if t.scraped.CompareAndSwap(seen, generation) {
			break
		}
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// watchedWriter remembers whether an answer went out.
type watchedWriter struct {
	http.ResponseWriter
	status int
	failed bool
}

func (w *watchedWriter) complete() bool { return w.status == http.StatusOK && !w.failed }

func (w *watchedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.failed = w.failed || err != nil
	return n, err
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
