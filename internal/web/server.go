package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"golang.org/x/sync/errgroup"
)

// Limits of one connection. A scrape of everything takes well under a second; what is slower holds a connection for nothing.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = time.Minute
	maxHeaderBytes    = 16 << 10
	// shutdownTimeout bounds the wait for requests in work when serving ends.
	shutdownTimeout = 5 * time.Second
)

// Deps is what a server shows. It is called by any goroutine.
type Deps struct {
	Logger *zap.Logger
	// Version is shown by the page and /api/v1/status.
	Version string
	// Metrics answers /metrics.
	Metrics http.Handler
	// Top answers /api/v1/top; nil leaves that path out.
	Top http.Handler
	// Minutes answers /api/v1/minutes; nil leaves that path out.
	Minutes http.Handler
	// Ready is nil while flowd does its work; otherwise it says why not.
	Ready func() error
	// Healthy is nil unless this process should be replaced by another; nil is always healthy.
	Healthy func() error
	// Draining is what Ready returns (or wraps) while flowd stops; every other error of Ready means that it starts.
	Draining error
	// Facts are shown by the page and /api/v1/status; nil leaves them out.
	Facts *Facts
	// Live is what the page shows. It is asked for again and again.
	Live func() Live
	// Rankings are the lists of talkers; nil leaves them out.
	Rankings func() []Ranking
	// History finds a talker by the name of its ranking and its labels; it is not ok when there is no such ranking. Nil leaves histories out.
	History func(ranking string, labels []string) (History, bool)
	// Settings are the effective configuration, secrets masked.
	Settings []Setting
	// Inventory is what /status and /api/v1/inventory show; nil leaves it out.
	Inventory func() Inventory
	// Summary is encoded as the `totals` of /api/v1/status; nil leaves them out.
	Summary func() any
	// Reload reads the configuration again and applies what can be applied; an error means that nothing changed. Needed with EnableLifecycle.
	Reload func() error
}

// Facts do not change while the process lives.
type Facts struct {
	LedgerDurable bool   `json:"ledger_durable"` // Whether counters survive the process.
	QueueURL      string `json:"queue_url"`      // The queue that is read; shown without a user and a password.
}

// shown is what everybody may see of the facts.
func (f *Facts) shown() *Facts {
	if f == nil {
		return nil
	}
	shown := *f
	if u, err := url.Parse(f.QueueURL); err != nil || u.User != nil {
		shown.QueueURL = ""
		if err == nil {
			u.User = nil
			shown.QueueURL = u.String()
		}
	}
	return &shown
}

// Server serves HTTP. Make one with [New], and run it once.
type Server struct {
	cfg     Config
	deps    Deps
	started time.Time
	pages   *template.Template // They escape what they show.
	assets  map[string]asset
	last    lastOverview
	handler http.Handler
}

// New validates and does no I/O.
func New(cfg Config, deps Deps) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring HTTP: %w", err)
	}
	if deps.Logger == nil || deps.Metrics == nil || deps.Ready == nil || deps.Live == nil || cfg.EnableLifecycle && deps.Reload == nil {
		return nil, errors.New("configuring HTTP: a logger, metrics, readiness, what is live and, with the life cycle, a reload are needed")
	}
	pages, err := template.New("").Funcs(pageFuncs()).ParseFS(embedded, pagePattern)
	if err != nil {
		return nil, fmt.Errorf("reading the pages: %w", err)
	}
	deps.Facts = deps.Facts.shown()
	s := &Server{cfg: cfg, deps: deps, started: time.Now(), pages: pages}
	if s.assets, err = readAssets(); err != nil {
		return nil, fmt.Errorf("reading what the pages load: %w", err)
	}
	s.handler = s.routes()
	return s, nil
}

// Handler answers every path, without TLS and authentication.
func (s *Server) Handler() http.Handler { return s.handler }

// Run listens and serves until ctx ends, then lets requests in work finish for a few seconds. It returns nil then. An error means that an
// address cannot be listened on, or that the web configuration file is bad.
func (s *Server) Run(ctx context.Context) error {
	listeners, err := s.listen(ctx)
	if err != nil {
		return err
	}
	return s.serve(ctx, listeners)
}

// listen opens every address, or none.
func (s *Server) listen(ctx context.Context) ([]net.Listener, error) {
	var config net.ListenConfig
	var listeners []net.Listener
	for _, address := range s.cfg.ListenAddresses {
		l, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			for _, open := range listeners {
				err = errors.Join(err, open.Close())
			}
			return nil, fmt.Errorf("listening on %s: %w", address, err)
		}
		listeners = append(listeners, limitConnections(l, maxConnections))
	}
	return listeners, nil
}

// serve gives every listener a server of its own: exporter-toolkit changes the server that it is given, so two listeners cannot share one.
func (s *Server) serve(ctx context.Context, listeners []net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, l := range listeners {
		server := s.httpServer()
		group.Go(func() error { return s.serveOne(l, server) })
		group.Go(func() error {
			<-ctx.Done()
			return shutdown(ctx, server)
		})
	}
	return group.Wait()
}

func (s *Server) serveOne(l net.Listener, server *http.Server) error {
	logger := slog.New(zapslog.NewHandler(s.deps.Logger.Core(), zapslog.WithName("web"), zapslog.AddStacktraceAt(slog.LevelError+4)))
	err := toolkit.Serve(l, server, &toolkit.FlagConfig{WebListenAddresses: &s.cfg.ListenAddresses, WebConfigFile: &s.cfg.ConfigFile}, logger)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving on %s: %w", l.Addr(), errors.Join(err, l.Close()))
}

// shutdown waits for requests in work; those that take too long are cut off, since nothing is lost with them.
func shutdown(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if server.Shutdown(ctx) == nil {
		return nil
	}
	if err := server.Close(); err != nil {
		return fmt.Errorf("closing HTTP connections: %w", err)
	}
	return nil
}

func (s *Server) httpServer() *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(connectionErrors{s.deps.Logger}, "", 0),
	}
}

// connectionErrors logs what net/http says about broken connections. The text differs with every client, so it is a field: repeats of one
// message are held back, and a port scan does not fill the log.
type connectionErrors struct{ log *zap.Logger }

func (c connectionErrors) Write(line []byte) (int, error) {
	c.log.Warn("HTTP connection failed", zap.String("detail", strings.TrimSpace(string(line))))
	return len(line), nil
}
