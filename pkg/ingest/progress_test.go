package ingest

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// fakeProgress writes down what it hears.
type fakeProgress struct {
	mu      sync.Mutex
	waiting map[string]bool
	settled []string
	empty   time.Time
	idle    bool
}

func newFakeProgress() *fakeProgress { return &fakeProgress{waiting: map[string]bool{}} }

func (p *fakeProgress) Announced(o Object) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[o.Key] = true
}

func (p *fakeProgress) Settled(o Object) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, o.Key)
	p.settled = append(p.settled, o.Key)
}

func (p *fakeProgress) QueueEmpty(at time.Time, nothingInFlight bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = p.idle || nothingInFlight
	if at.After(p.empty) {
		p.empty = at
	}
}

func (p *fakeProgress) heard() (waiting int, settled []string, empty time.Time, idle bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting), slices.Clone(p.settled), p.empty, p.idle
}

// TestProgress: what is announced and counted is settled, what fails is waited for, and the queue is idle only without either.
func TestProgress(t *testing.T) {
	inBubble(t, func(r *rig) {
		began := time.Now()
		r.sendObject("good.log.gz", zip(t, text(2)))
		r.sendObject("poison.log.gz", []byte("\x1f\x8b no gzip"))
		r.sendObject("not/allowed.log.gz", zip(t, text(2)))
		r.cfg.Prefixes = []string{"good", "poison"}
		r.start()
		time.Sleep(time.Minute)
		waiting, settled, empty, idle := r.progress.heard()
		if waiting != 1 || len(settled) != 1 || settled[0] != "good.log.gz" || idle || !empty.After(began) {
			t.Errorf("after a minute: %d waiting, %v settled, empty at %s, idle %v; want 1, good.log.gz, later than %s, false", waiting, settled, empty, idle, began)
		}
		time.Sleep(3 * time.Hour)
		if _, _, _, idle := r.progress.heard(); !idle {
			t.Error("the queue is not idle when what fails is in the dead-letter queue")
		}
	})
}
