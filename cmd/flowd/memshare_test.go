package main

import (
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestMemoryShare looks at real memory: what lives counts, and what is garbage does not.
func TestMemoryShare(t *testing.T) {
	const limit, held = 1 << 30, 1 << 28
	if shareOfMemory(math.MaxInt64) != nil {
		t.Error("without a limit: got a share of it")
	}
	for _, name := range memoryNames() {
		if readMemory()[name] == 0 && name != memReleased && name != memFree {
			t.Errorf("this Go does not know %s", name)
		}
	}
	share := shareOfMemory(limit)
	runtime.GC()
	before := share()
	memory := make([]byte, held)
	for i := range memory {
		memory[i] = 1
	}
	runtime.GC()
	if got := share() - before; got < 0.24 || got > 0.3 {
		t.Errorf("a quarter of the limit is held: got %.3f more, want 0.25", got)
	}
	runtime.KeepAlive(memory)
	runtime.GC()
	if got := share() - before; got < -0.05 || got > 0.05 {
		t.Errorf("nothing is held any more: got %.3f more, want 0", got)
	}
}

// TestMemoryShareCollects has numbers of its own: garbage is found out about before receiving pauses for it, and not all the time.
func TestMemoryShareCollects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live, collections := uint64(90), 0
		m := &memoryUse{limit: 100, collect: func() { collections++; live = 40 }, read: func() map[string]uint64 {
			return map[string]uint64{memTotal: 130, memReleased: 20, memObjects: 95, memFree: 8, memUnused: 4, memLive: live}
		}}
		for _, c := range []struct {
			live        uint64
			share       float64
			collections int
		}{
			{70, 0.73, 0}, // The other 3 are stacks and the like.
			{90, 0.43, 1},
			{90, 0.93, 1}, // Too soon.
		} {
			live = c.live
			if got := m.share(); got != c.share || collections != c.collections {
				t.Errorf("%d live: got %v after %d collections, want %v after %d", c.live, got, collections, c.share, c.collections)
			}
		}
		time.Sleep(collectEvery)
		if got := m.share(); got != 0.43 || collections != 2 {
			t.Errorf("10 seconds later: got %v after %d collections, want 0.43 after 2", got, collections)
		}
	})
}
