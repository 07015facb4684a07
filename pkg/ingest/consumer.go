package ingest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Deps is what a consumer works with.
type Deps struct {
	SQS        SQSAPI
	S3         S3API
	Counter    Counter
	Logger     *zap.Logger
	Registerer prometheus.Registerer
}

// Consumer reads the queue. Make one with [New], and run it once.
type Consumer struct {
	cfg      Config
	deps     Deps
	metrics  *instruments
	parsing  limit
	settling chan *delivery // Handed over by workers, in the order in which they finished.
	deleting chan *delivery // Every object has a fate.
	state    atomic.Pointer[error]
}

var (
	// ErrStarting is why a consumer is not ready before the queue answered.
	ErrStarting = errors.New("the queue has not answered yet")
	// ErrDraining is why a consumer is not ready while it stops.
	ErrDraining = errors.New("draining")
	// ErrNoDLQ stops a consumer of a queue without a redrive policy.
	ErrNoDLQ = errors.New("the queue has no redrive policy: a message that cannot be read would return until its retention ends; give it a dead-letter queue, or allow this with --ingest.allow-no-dlq")
)

// New validates and does no I/O.
func New(cfg Config, deps Deps) (*Consumer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring ingest: %w", err)
	}
	if cfg.QueueURL == "" {
		return nil, errors.New("configuring ingest: sqs.queue-url or sqs.queue-name is missing: name the queue to read")
	}
	m, err := newInstruments(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("registering the metrics of ingest: %w", err)
	}
	c := &Consumer{
		cfg: cfg, deps: deps, metrics: m, parsing: make(limit, runtime.GOMAXPROCS(0)),
		settling: make(chan *delivery, cfg.Workers), deleting: make(chan *delivery, cfg.Workers),
	}
	c.setState(ErrStarting)
	return c, nil
}

// Ready is nil while messages are received; otherwise it says why not.
func (c *Consumer) Ready() error { return *c.state.Load() }

func (c *Consumer) setState(err error) { c.state.Store(&err) }

// Run receives until ctx ends, then drains: messages in work get the drain timeout to finish; those that do not are dropped uncounted and made
// visible again at once. It returns nil then. An error means that the queue cannot be used as it is.
func (c *Consumer) Run(ctx context.Context) error {
	deadLetter, err := c.checkQueue(ctx)
	if err != nil {
		return err
	}
	work, abandon := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abandon(nil)
	stopDrainTimer := c.drainAfter(ctx, abandon)
	defer stopDrainTimer()

	var workers, watchers, settler, deleter sync.WaitGroup
	watch, stopWatching := context.WithCancel(work)
	watchers.Go(func() { c.watchQueue(watch, deadLetter) })
	settler.Go(func() { c.settle() })
	deleter.Go(func() { c.deleteAll(work) })
	for range c.cfg.Workers {
		workers.Go(func() { c.work(ctx, work) })
	}
	workers.Wait()
	close(c.settling)
	settler.Wait()
	close(c.deleting)
	deleter.Wait()
	stopWatching()
	watchers.Wait()
	return nil
}

// drainAfter gives messages in work their time once ctx has ended.
func (c *Consumer) drainAfter(ctx context.Context, abandon context.CancelCauseFunc) (stop func()) {
	var timer *time.Timer
	var mu sync.Mutex
	stopWaiting := context.AfterFunc(ctx, func() {
		c.setState(ErrDraining)
		mu.Lock()
		defer mu.Unlock()
		timer = time.AfterFunc(c.cfg.DrainTimeout, func() { abandon(ErrDraining) })
	})
	return func() {
		stopWaiting()
		mu.Lock()
		defer mu.Unlock()
		if timer != nil {
			timer.Stop()
		}
	}
}
