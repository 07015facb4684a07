package ingest

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Shares of the memory limit, and how often they are read. What is in work goes on, and ends; only nothing more is taken in. The shares are apart so
// that receiving does not flap.
const (
	memoryPause    = 0.85
	memoryResume   = 0.75
	memoryInterval = time.Second
)

// memory holds receiving while too much of it is in use. It is no circuit: nothing failed, no message is kept in hand, and none is probed with.
type memory struct {
	share func() float64 // Nil is never too much.
	gauge prometheus.Gauge
	log   *zap.Logger

	mu    sync.Mutex
	short bool
	since time.Time
	freed chan struct{} // Closed while there is enough.
}

func newMemory(share func() float64, gauge prometheus.Gauge, log *zap.Logger) *memory {
	m := &memory{share: share, gauge: gauge, log: log, freed: make(chan struct{})}
	close(m.freed)
	return m
}

// watch reads the share until ctx ends.
func (m *memory) watch(ctx context.Context) {
	for m.share != nil && ctx.Err() == nil {
		m.observe(m.share())
		sleep(ctx, memoryInterval)
	}
}

func (m *memory) observe(share float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case !m.short && share >= memoryPause:
		m.short, m.since, m.freed = true, time.Now(), make(chan struct{})
		m.gauge.Set(1)
		m.log.Warn("receiving pauses until memory is free: give flowd more, or fewer workers", zap.Float64("share", share))
	case m.short && share < memoryResume:
		m.short = false
		close(m.freed)
		m.gauge.Set(0)
		m.log.Info("memory is free; receiving again", zap.Float64("share", share), zap.Duration("lasted", time.Since(m.since)))
	}
}

func (m *memory) isShort() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.short
}

// untilFreed is ready when there is enough.
func (m *memory) untilFreed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.freed
}
