package remotewrite

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/config"
	"golang.org/x/sync/errgroup"
)

// Deps is what a writer works with; it needs all of them.
type Deps struct {
	Source     Source
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Writer sends minutes to every endpoint, to each at its own pace. Make one with [New], and run it once.
type Writer struct {
	senders []*sender
}

// api is the part of the client that is used.
type api interface {
	Write(ctx context.Context, kind remote.WriteMessageType, message any, options ...remote.WriteOption) (remote.WriteResponseStats, error)
}

// New validates, and connects to nothing. It reads the files that the authentication names.
func New(endpoints []Endpoint, deps Deps) (*Writer, error) {
	if err := validate(endpoints); err != nil {
		return nil, err
	}
	m, err := newInstruments(deps.Registerer, endpoints)
	if err != nil {
		return nil, fmt.Errorf("registering the metrics of remote write: %w", err)
	}
	w := &Writer{}
	for _, e := range endpoints {
		client, err := config.NewClientFromConfig(e.Client, "flowd")
		if err != nil {
			return nil, fmt.Errorf("%s, endpoint %s: %w", Key, e.Name, err)
		}
		s := &sender{endpoint: e, source: deps.Source, metrics: m, log: deps.Logger.With("endpoint", e.Name)}
		s.answer = &lastAnswer{next: client.Transport}
		client.Transport, client.Timeout = s.answer, time.Duration(e.Timeout)
		if s.api, err = newAPI(e.URL, client); err != nil {
			return nil, fmt.Errorf("%s, endpoint %s: %w", Key, e.Name, err)
		}
		w.senders = append(w.senders, s)
	}
	return w, nil
}

// How long the client waits before it tries again; what the server asks for with Retry-After comes on top.
const (
	minBackoff = time.Second
	maxBackoff = time.Minute
)

// newAPI makes a client that tries again for as long as it takes: the minutes are safe where they are.
func newAPI(url string, client *http.Client) (*remote.API, error) {
	return remote.NewAPI(url, remote.WithAPIPath(""), remote.WithAPIHTTPClient(client),
		remote.WithAPIBackoff(remote.BackoffConfig{Min: minBackoff, Max: maxBackoff}))
}

// Run sends until ctx ends, and returns nil then. An endpoint that does not answer, or refuses, costs nobody else anything.
func (w *Writer) Run(ctx context.Context) error {
	var all errgroup.Group
	for _, s := range w.senders {
		all.Go(func() error {
			s.run(ctx)
			return nil
		})
	}
	return all.Wait()
}
