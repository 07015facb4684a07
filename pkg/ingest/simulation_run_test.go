package ingest

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// outcome is what one seed came to.
type outcome struct {
	seed       uint64
	violations []string
	seen       map[string]int
}

// outcomes are those of many.
type outcomes struct {
	failed []outcome
	seen   map[string]int
}

// simulateAll runs seeds on all cores.
func simulateAll(t *testing.T, first, seeds int, changes ...func(w *universe)) *outcomes {
	t.Helper()
	all, c := &outcomes{seen: map[string]int{}}, newCorpus(t)
	var mu sync.Mutex
	t.Run("seeds", func(t *testing.T) {
		cores := runtime.GOMAXPROCS(0)
		for core := range cores {
			t.Run(fmt.Sprint("core=", core), func(t *testing.T) {
				t.Parallel()
				for i := core; i < seeds; i += cores {
					o := simulate(t, newUniverse(uint64(first+i), c), changes)
					mu.Lock()
					all.add(o)
					mu.Unlock()
				}
			})
		}
	})
	return all
}

func (all *outcomes) add(o outcome) {
	if len(o.violations) > 0 {
		all.failed = append(all.failed, o)
	}
	for what, n := range o.seen {
		all.seen[what] += n
	}
}

func (all *outcomes) summary() (text string) {
	for _, what := range slices.Sorted(maps.Keys(all.seen)) {
		text += fmt.Sprintf(" %d %s,", all.seen[what], what)
	}
	return text
}

// wantSeen fails when a fault never happened: a simulation of fair weather proves nothing.
func (all *outcomes) wantSeen(t *testing.T) {
	t.Helper()
	for _, what := range []string{
		sawMessage, sawCounted, sawDuplicate, sawPoison, sawDead, sawRedelivery, sawKill, sawDrain, sawOutage, sawCallFault, sawBodyFault, sawSlowBody,
		sawCommitFault, sawLookUpFault, sawExtension, sawExtensionFault, sawLostReply, sawRefusal,
	} {
		if all.seen[what] == 0 {
			t.Errorf("no seed saw a %s", what)
		}
	}
}

// simulate is the life of one world, in virtual time. A bubble that ends with goroutines left, or whose goroutines wait for each other, is a panic,
// which shall name its seed.
func simulate(t *testing.T, w *universe, changes []func(*universe)) outcome {
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("FLOWD_SIMULATION_SEED=%d: %v", w.seed, p))
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		w.begin()
		for _, change := range changes {
			change(w)
		}
		p := w.start()
		for _, s := range w.steps {
			time.Sleep(s.pause)
			p = w.do(p, s)
		}
		w.heal()
		w.untilEmpty("after the last fault")
		if err := p.healthy(); err != nil {
			w.violated("%v", err)
		}
		w.redrive()
		w.untilEmpty("after the dead-letter queue was redriven")
		p.drain()
		w.wait()
		w.checkEnd()
	})
	return outcome{w.seed, w.violations, w.seen}
}

// do is one step of the plan.
func (w *universe) do(p *process, s step) *process {
	switch {
	case s.send != "":
		w.saw(sawMessage)
		w.queue.send(s.send)
	case s.kill:
		w.saw(sawKill)
		p.kill()
		return w.start()
	case s.drain:
		w.saw(sawDrain)
		p.drain()
		return w.start()
	case s.redeliver:
		w.redeliver()
	}
	return p
}

// untilEmpty lets the process finish. Two days are more than any pause adds up to.
func (w *universe) untilEmpty(when string) {
	for end := time.Now().Add(48 * time.Hour); w.queue.left() > 0; time.Sleep(time.Minute) {
		if time.Now().After(end) {
			w.violated("%s: %d messages were still on the queue two days later", when, w.queue.left())
			return
		}
	}
}

// checkEnd is what must hold when the weather was good for long, and everything that died was given another chance.
func (w *universe) checkEnd() {
	for id, want := range w.golden {
		b, times := w.books.counted[id], w.applied[id]
		if times != 1 || b == nil || b.records != want {
			w.violated("%s was counted %d times as %+v, want once with %d records", id, times, b, want)
		}
	}
	for id := range w.applied {
		if _, ok := w.golden[id]; !ok {
			w.violated("%s was counted, and must not be", id)
		}
	}
	for _, m := range w.queue.dead {
		w.saw(sawDead)
		if says := w.messages[m.body]; !says.poison && !says.gone {
			w.violated("message %s is dead, and everything in it can be counted", m.id)
		}
	}
	if b := w.books; b.batches != b.finished || len(b.faults) > 0 {
		w.violated("%d batches were begun and %d ended; %v", b.batches, b.finished, b.faults)
	}
	if w.store.open != 0 {
		w.violated("%d bodies stayed open", w.store.open)
	}
}
