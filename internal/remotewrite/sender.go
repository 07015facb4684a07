package remotewrite

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
)

const (
	// pollInterval is how often a sender looks for closed minutes.
	pollInterval = 5 * time.Second
	// maxMinutes and maxSamples bound a request, but for a single minute, which is sent whole.
	maxMinutes = 30
	maxSamples = 2000
	// deniedPause is how long a sender waits after an answer that somebody has to do something about.
	deniedPause = time.Minute
)

// sender has one endpoint. Everything in it belongs to one goroutine.
type sender struct {
	endpoint Endpoint
	source   Source
	metrics  *instruments
	log      *slog.Logger
	api      api
	answer   *lastAnswer
	alive    map[seriesID]bool // The series of the last minute that was sent; nil before the first.
}

func (s *sender) run(ctx context.Context) {
	for ctx.Err() == nil {
		if sent := s.step(ctx); sent {
			continue
		}
		pause(ctx, pollInterval)
	}
}

// step sends what is next, and reports whether there may be more.
func (s *sender) step(ctx context.Context) bool {
	position := s.source.Position(s.endpoint.Name)
	s.sentUntil(position)
	minutes := s.source.Closed(position, maxMinutes)
	if len(minutes) == 0 {
		return false
	}
	b, alive := newBatch(s.endpoint.Labels), s.alive
	last := minutes[0].Begin
	for i, m := range minutes {
		if i > 0 && b.samples+3*len(m.Series) > maxSamples {
			break
		}
		alive, last = b.addMinute(m, alive), m.Begin
	}
	return s.send(ctx, b, func() {
		s.gone(position, minutes[0].Begin)
		s.alive = alive
		s.source.Sent(s.endpoint.Name, last)
		s.sentUntil(last)
	})
}

// sentUntil shows a position, also one from before a restart.
func (s *sender) sentUntil(position int64) {
	if position > 0 {
		s.metrics.position.WithLabelValues(s.endpoint.Name).Set(float64(position + 60))
	}
}

// gone counts the minutes that left the ledger before they were sent. It is called once they are behind: until then they would count at every attempt.
func (s *sender) gone(position, next int64) {
	missing := (next-position)/60 - 1
	if position == 0 || missing <= 0 {
		return
	}
	s.metrics.dropped.WithLabelValues(s.endpoint.Name, reasonGone).Add(float64(missing))
	s.log.Error("minutes were not sent before they left the ledger; raise --metrics.event-time-span", "minutes", missing)
}

// addMinute adds a sample of every series at the end of the minute. One that is new gets a 0 before, so that nothing of it is missed; one that is not there any
// more gets its end.
func (b *batch) addMinute(m Minute, alive map[seriesID]bool) (now map[seriesID]bool) {
	now, at := map[seriesID]bool{}, 1000*(m.Begin+60)
	for _, s := range m.Series {
		for metric, value := range map[string]uint64{metricRecords: s.Records, metricBytes: s.Bytes, metricPackets: s.Packets} {
			id := seriesID{metric, s.AccountID, s.VPCID, s.Action}
			if s.New {
				b.add(id, 0, at-60_000)
			}
			b.add(id, float64(value), at)
			now[id] = true
		}
	}
	for id := range alive {
		if !now[id] {
			b.add(id, staleMarker(), at)
		}
	}
	return now
}

// send sends one batch until the endpoint took it or will never take it; then done is called. It is false when it has to be tried again later.
func (s *sender) send(ctx context.Context, b *batch, done func()) bool {
	if b.samples == 0 {
		done()
		return true
	}
	_, err := s.api.Write(ctx, s.endpoint.Message, b.message(s.endpoint.Message), remote.WithWriteRetryCallback(s.retrying))
	switch {
	case err == nil:
		s.metrics.sent.WithLabelValues(s.endpoint.Name).Add(float64(b.samples))
	case ctx.Err() != nil:
		return false
	case s.answer.denied():
		s.log.Error("the endpoint does not let flowd in; trying again in a minute", "err", err)
		s.retries()
		pause(ctx, deniedPause)
		return true
	default:
		s.metrics.dropped.WithLabelValues(s.endpoint.Name, reasonRefused).Add(float64(b.samples))
		s.log.Error("the endpoint refused samples; they are dropped", "samples", b.samples, "err", err)
	}
	done()
	return true
}

func (s *sender) retrying(err error) {
	s.retries()
	s.log.Warn("sending samples failed; trying again", "err", err)
}

func (s *sender) retries() { s.metrics.retries.WithLabelValues(s.endpoint.Name).Inc() }

// errRedirected is what a redirect ends in that HTTP has followed with a GET, such as one to a page to log in: what answers there took no samples.
var errRedirected = errors.New("the endpoint redirects to what cannot take samples; use its final URL")

// lastAnswer remembers the status of the last answer, which the client tells only as text.
type lastAnswer struct {
	next   http.RoundTripper
	status atomic.Int32
}

// RoundTrip implements [http.RoundTripper].
func (a *lastAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	a.status.Store(0)
	if r.Method != http.MethodPost {
		return nil, errRedirected
	}
	response, err := a.next.RoundTrip(r)
	if err == nil {
		a.status.Store(int32(response.StatusCode))
	}
	return response, err
}

// denied says whether the samples are not to blame: a wrong password or path can be mended, and the minutes wait.
func (a *lastAnswer) denied() bool {
	status := a.status.Load()
	if status >= 300 && status < 400 {
		return true
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired:
		return true
	}
	return false
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
