package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Deps is what a consumer works with; it needs all of them but Progress and Memory.
type Deps struct {
	SQS        SQSAPI
	S3         S3API
	Counter    Counter
	Progress   Progress // May be nil.
	Logger     *zap.Logger
	Registerer prometheus.Registerer
	// Memory is the share of the memory limit that is in use and would stay so after a collection, from 0 to 1. Receiving pauses at 85 % and goes on
	// below 75 %. It is called every second; nil never pauses.
	Memory func() float64
}

// Consumer reads the queue. Make one with [New], and run it once.
type Consumer struct {
	cfg      Config
	deps     Deps
	metrics  *instruments
	circuit  *circuit
	memory   *memory
	parsing  *cores
	chunks   *chunks        // Of all workers.
	decoders sync.Pool      // Of *decoder.
	settling chan *delivery // Handed over by workers, in the order in which they finished.
	deleting chan *delivery // Every object has a fate.
	answered atomic.Bool    // The queue did, to a receive.
	draining atomic.Bool
	began    time.Time // When it was made, which pulses count from.
	pulses   []*pulse  // One for each worker.
	stuck    atomic.Bool
	random   func() float64 // From 0 to 1; simulations draw it from their seed.
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
	if deps.Progress == nil {
		deps.Progress = noProgress{}
	}
	m, err := newInstruments(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("registering the metrics of ingest: %w", err)
	}
	c := &Consumer{
		cfg: cfg, deps: deps, metrics: m, circuit: newCircuit(m.circuit, deps.Logger), began: time.Now(),
		memory: newMemory(deps.Memory, m.circuit.WithLabelValues(outageMemory), deps.Logger), parsing: newCores(runtime.GOMAXPROCS(0)), chunks: newChunks(),
		settling: make(chan *delivery, cfg.Workers), deleting: make(chan *delivery, cfg.Workers), random: rand.Float64,
	}
	c.decoders.New = func() any { return newDecoder(cfg) }
	for range cfg.Workers {
		c.pulses = append(c.pulses, newPulse())
	}
	return c, nil
}

// Ready is nil from the first answer of the queue until Run is told to stop, but for outages of more than a minute; otherwise it is [ErrStarting],
// [ErrDraining] or wraps [ErrOutage].
func (c *Consumer) Ready() error {
	switch {
	case c.draining.Load():
		return ErrDraining
	case !c.answered.Load():
		return ErrStarting
	}
	return c.circuit.ready()
}

// Run receives until ctx ends, then drains: messages in work get the drain timeout to finish; those that do not are dropped uncounted and made
// visible again at once. It returns nil then. An error means that the queue cannot be used as it is.
func (c *Consumer) Run(ctx context.Context) error {
	deadLetterURL, err := c.checkQueue(ctx)
	if err != nil {
		return err
	}
	// What is in work outlives ctx, and ends with the drain timeout at the latest.
	work, abandon := context.WithCancelCause(context.WithoutCancel(ctx))
	var background, workers, settler, deleter sync.WaitGroup
	background.Go(func() { c.drain(ctx, work, abandon) })
	background.Go(func() { c.watchQueue(work, deadLetterURL) })
	background.Go(func() { c.watchWorkers(work) })
	background.Go(func() { c.memory.watch(work) })
	settler.Go(func() { c.settle(work) })
	deleter.Go(func() { c.deleteAll(work) })
	for _, p := range c.pulses {
		workers.Go(func() { c.work(ctx, work, p) })
	}
	workers.Wait()
	close(c.settling)
	settler.Wait()
	close(c.deleting)
	deleter.Wait()
	abandon(nil)
	background.Wait()
	return nil
}

// drain gives messages in work their time once ctx has ended.
func (c *Consumer) drain(ctx, work context.Context, abandon context.CancelCauseFunc) {
	<-ctx.Done()
	c.draining.Store(true)
	sleep(work, c.cfg.DrainTimeout)
	abandon(ErrDraining)
}
