package ingest

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

const (
	// stuckAfter is how long a worker may go without a sign of life. Nothing that a worker waits for takes longer than a receive, 35 seconds, but
	// for a disk that hangs.
	stuckAfter = 5 * time.Minute
	// watchInterval is the time between two looks.
	watchInterval = stuckAfter / 10
	// maxDump bounds the stacks that are logged, in bytes.
	maxDump = 1 << 20
)

// ErrStuck is why a consumer is not healthy: nothing outside of this process will mend it, and another process loses nothing by taking over.
var ErrStuck = errors.New("a worker of the ingest has stood still for more than five minutes")

// pulse is the sign of life of one worker. The nil pulse has none, and nobody watches it.
type pulse struct {
	last atomic.Int64 // Nanoseconds from the beginning of the consumer to the last beat; resting while it waits for what may take days.
}

const resting = -1

func newPulse() *pulse {
	p := new(pulse)
	p.last.Store(resting)
	return p
}

// beat is called after everything that ended: a call, a piece of a body, an object.
func (p *pulse) beat(began time.Time) {
	if p != nil {
		p.last.Store(int64(time.Since(began)))
	}
}

func (p *pulse) rest() {
	if p != nil {
		p.last.Store(resting)
	}
}

func (p *pulse) stuck(began time.Time) bool {
	last := p.last.Load()
	return last != resting && time.Since(began)-time.Duration(last) > stuckAfter
}

// Healthy is nil, or [ErrStuck] while a worker stands still. It says nothing of AWS; see [Consumer.Ready].
func (c *Consumer) Healthy() error {
	if c.stuck.Load() {
		return ErrStuck
	}
	return nil
}

// watchWorkers finds workers that wait for each other, or for what never comes, and logs once what every goroutine is at.
func (c *Consumer) watchWorkers(ctx context.Context) {
	for sleep(ctx, watchInterval); ctx.Err() == nil; sleep(ctx, watchInterval) {
		stuck := 0
		for _, p := range c.pulses {
			if p.stuck(c.began) {
				stuck++
			}
		}
		switch was := c.stuck.Swap(stuck > 0); {
		case stuck > 0 && !was:
			c.deps.Logger.Error("workers stand still: this is a bug or a disk that hangs, and a restart costs nothing that was counted",
				zap.Int("workers", stuck), zap.Duration("for", stuckAfter), zap.ByteString("goroutines", dump()))
		case stuck == 0 && was:
			c.deps.Logger.Info("the workers go on")
		}
	}
}

// dump is the stacks of all goroutines.
func dump() []byte {
	all := make([]byte, maxDump)
	return all[:runtime.Stack(all, true)]
}
