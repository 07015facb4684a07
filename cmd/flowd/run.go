package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"flowd/internal/archive"
	"flowd/internal/ledger"
	"flowd/internal/remotewrite"
	"flowd/internal/web"
	"flowd/pkg/ingest"
	"flowd/pkg/metrics"
)

// serviceOptions is everything that `flowd run` was told, validated by the rooms that it is for.
type serviceOptions struct {
	AWS       aws.Config
	PathStyle bool
	QueueName string        // Looked up when Ingest.QueueURL is empty.
	StateDir  string        // Empty keeps state in memory.
	Ledger    ledger.Config // But for its directory.
	Ingest    ingest.Config
	Metrics   metrics.Config
	Web       web.Config
	// RemoteWrite is empty when event time goes nowhere.
	RemoteWrite []remotewrite.Endpoint
	Reload      func() error
	Settings    []setting // Effective, for whoever looks at the page.
}

// service is the long-running process: it is built without I/O and does everything in run.
type service struct {
	options  serviceOptions
	log      *zap.Logger
	registry *prometheus.Registry
	totals   *metrics.Totals
	stopped  chan struct{} // Closed when run returns.
}

func newService(o serviceOptions, log *zap.Logger) (*service, error) {
	o.Metrics.Durable = o.StateDir != ""
	o.Ingest.Fields = metrics.Fields()
	totals, err := metrics.New(o.Metrics, time.Now())
	if err != nil {
		return nil, err
	}
	skew := newClockSkew(log)
	o.AWS = skew.watch(o.AWS)
	s := &service{options: o, log: log, totals: totals, registry: prometheus.NewRegistry(), stopped: make(chan struct{})}
	s.registry.MustRegister(totals, metrics.NewRuleReady(totals), skew.gauge, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), versioncollector.NewCollector("flowd"))
	return s, nil
}

// run serves until ctx ends, then stops in the order that loses nothing: receiving, messages in work, the committer, the ledger, HTTP.
func (s *service) run(ctx context.Context) error {
	defer close(s.stopped)
	state, err := s.openLedger()
	if err != nil {
		return err
	}
	committer := ledger.NewCommitter(state, s.stage, ledger.CommitterOptions{OnCommit: s.onCommit})
	consumer, err := s.newConsumer(ctx, &counter{totals: s.totals, ledger: state, committer: committer, keys: archive.NewKeyParser()})
	if err != nil {
		return errors.Join(err, state.Close())
	}
	seen := s.newPageData(consumer)
	server, err := s.newServer(consumer, seen)
	if err != nil {
		return errors.Join(err, state.Close())
	}
	remote, err := s.remoteWriter()
	if err != nil {
		return errors.Join(err, state.Close())
	}
	return s.runAll(ctx, assembly{consumer, committer, state, server, seen, remote})
}

// assembly is what runs side by side.
type assembly struct {
	consumer  *ingest.Consumer
	committer *ledger.Committer[*metrics.Batch]
	state     *ledger.Ledger
	server    *web.Server
	seen      *pageData
	remote    *remotewrite.Writer // May be nil.
}

// runAll starts everything, and stops what is left when one part ends. HTTP comes up first and goes down last.
func (s *service) runAll(ctx context.Context, p assembly) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	outlives := context.WithoutCancel(ctx)
	serving := background(outlives, "serving HTTP", cancel, p.server.Run)
	commits := background(outlives, "committing", cancel, p.committer.Run)
	housekeeping := background(outlives, "keeping house", cancel, func(ctx context.Context) error { return s.totals.Run(ctx, p.committer.Wake) })
	looking := background(outlives, "keeping what the page shows", cancel, p.seen.run)
	sending := background(outlives, "writing remotely", cancel, s.writeRemotely(p.remote))
	telling := background(outlives, "telling the supervisor", cancel, s.tellSupervisor(p.consumer.Healthy))
	ingesting := background(outlives, "ingesting", cancel, func(context.Context) error { return p.consumer.Run(ctx) })

	err := ingesting.wait()
	err = errors.Join(err, sending.stop(), housekeeping.stop(), stopCommits(commits, p.state))
	return errors.Join(err, telling.stop(), looking.stop(), serving.stop())
}

func (s *service) openLedger() (*ledger.Ledger, error) {
	config := s.options.Ledger
	config.Dir = s.options.StateDir
	state, err := ledger.Open(config)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	s.registry.MustRegister(&ledgerMetrics{state.Stats})
	sayWhatWasSetAside(state, s.log)
	if !state.Durable() {
		s.log.Warn("state is kept in memory: objects may count twice after a restart, and counters start at 0; set --state.dir to keep them")
	}
	if err := s.totals.Load(state.Series, state.Pages, time.Now()); err != nil {
		return nil, errors.Join(fmt.Errorf("loading totals from the ledger: %w", err), state.Close())
	}
	return state, nil
}

func (s *service) stage(fresh []*metrics.Batch, tx *ledger.Tx) (func(), error) {
	return s.totals.Stage(fresh, tx, time.Now())
}

func (s *service) onCommit(d time.Duration, err error) {
	if err != nil {
		s.log.Error("commit failed, nothing of it was counted; its messages come back", zap.Error(err))
		return
	}
	s.totals.ObserveCommit(d)
}

func (s *service) newConsumer(ctx context.Context, c *counter) (*ingest.Consumer, error) {
	queue := sqs.NewFromConfig(s.options.AWS)
	if s.options.Ingest.QueueURL == "" {
		url, err := queue.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(s.options.QueueName)})
		if err != nil {
			return nil, fmt.Errorf("looking up queue %q: %w", s.options.QueueName, err)
		}
		s.options.Ingest.QueueURL = aws.ToString(url.QueueUrl)
	}
	return ingest.New(s.options.Ingest, ingest.Deps{
		SQS:     queue,
		S3:      newObjectClient(s.options.AWS, s.options.PathStyle),
		Counter: c, Progress: c, Logger: s.log.Named("ingest"), Registerer: s.registry,
		Memory: shareOfMemory(debug.SetMemoryLimit(-1)),
	})
}

// newObjectClient is for reading objects.
func newObjectClient(cfg aws.Config, pathStyle bool) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = pathStyle || onLoopback(o.BaseEndpoint)
		o.DisableLogOutputChecksumValidationSkipped = true
		o.APIOptions = append(o.APIOptions, verifyCRC64)
	})
}

// Scrapes are bounded, because a scrape of everything costs memory and anybody who reaches the port may ask for one.
const (
	maxScrapes    = 4
	scrapeTimeout = 10 * time.Second
)

// scrapes answers /metrics.
func (s *service) scrapes() http.Handler {
	return s.totals.ObserveScrapes(promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{
		Registry: s.registry, EnableOpenMetrics: true, MaxRequestsInFlight: maxScrapes, Timeout: scrapeTimeout,
	}))
}

func (s *service) newServer(consumer *ingest.Consumer, seen *pageData) (*web.Server, error) {
	return web.New(s.options.Web, web.Deps{
		Logger:  s.log.Named("web"),
		Version: versionNumber(),
		Metrics: promhttp.InstrumentMetricHandler(s.registry, s.scrapes()),
		Top:     s.totals.RankingsHandler(),
		Minutes: s.totals.EventTimeHandler(),
		Healthy: consumer.Healthy,
		Ready:   consumer.Ready, Draining: ingest.ErrDraining,
		Facts: &web.Facts{LedgerDurable: s.options.StateDir != "", QueueURL: s.options.Ingest.QueueURL},
		Live:  seen.live, Rankings: seen.rankings, History: seen.history, Inventory: seen.inventory, Settings: seen.settings(),
		Summary: func() any { return s.totals.Summary() },
		Reload:  s.options.Reload,
	})
}

// part is one of the things that run side by side.
type part struct {
	cancel context.CancelFunc
	done   chan error
}

// background runs f. When f ends with an error, everything stops, and the error says what it was doing.
func background(ctx context.Context, doing string, stopAll context.CancelCauseFunc, f func(context.Context) error) part {
	ctx, cancel := context.WithCancel(ctx)
	p := part{cancel: cancel, done: make(chan error, 1)}
	go func() {
		err := f(ctx)
		if err != nil && !errors.Is(err, http.ErrServerClosed) {
			err = fmt.Errorf("%s: %w", doing, err)
			stopAll(err)
		}
		p.done <- err
	}()
	return p
}

func (p part) wait() error {
	err := <-p.done
	p.cancel()
	return err
}

func (p part) stop() error {
	p.cancel()
	return p.wait()
}
