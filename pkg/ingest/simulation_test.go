//go:build !broken_delete

package ingest

import (
	"fmt"
	"os"
	"strconv"
	"testing"
)

// TestSimulation runs worlds that are drawn from seeds: messages, objects, faults, kills and drains. A seed that fails is run again with
// FLOWD_SIMULATION_SEED; FLOWD_SIMULATION_SEEDS says how many are run. A seed fixes the world and not the order of goroutines that wake at the same
// instant, so give a stubborn one -count=100.
func TestSimulation(t *testing.T) {
	first, seeds := 1, fromEnvironment(t, "FLOWD_SIMULATION_SEEDS", 300)
	if seed := fromEnvironment(t, "FLOWD_SIMULATION_SEED", 0); seed > 0 {
		first, seeds = seed, 1
	}
	all := simulateAll(t, first, seeds)
	for _, failed := range all.failed {
		for _, v := range failed.violations {
			t.Errorf("seed %d: %s", failed.seed, v)
		}
		t.Errorf("again: FLOWD_SIMULATION_SEED=%d go test ./pkg/ingest -run 'TestSimulation$' -count=100", failed.seed)
	}
	t.Logf("%d seeds:%s", seeds, all.summary())
	if seeds >= 100 {
		all.wantSeen(t)
	}
}

// TestSimulationCatchesALedgerThatCountsTwice shows that the simulation can fail: one look-up before the object is read is not enough.
func TestSimulationCatchesALedgerThatCountsTwice(t *testing.T) {
	all := simulateAll(t, 1, 60, func(w *universe) { w.countsTwice = true })
	if len(all.failed) == 0 {
		t.Error("no seed of 60 found out that the ledger does not look again within its transaction")
	}
	t.Logf("%d of 60 seeds found out", len(all.failed))
}

// TestSimulationIsDrawnFromItsSeed holds a seed to its world: the same messages, objects and instants of kills.
func TestSimulationIsDrawnFromItsSeed(t *testing.T) {
	c := newCorpus(t)
	for seed := range uint64(20) {
		one, two := newUniverse(seed, c), newUniverse(seed, c)
		if got, want := fmt.Sprint(one.climate, one.steps), fmt.Sprint(two.climate, two.steps); got != want {
			t.Fatalf("seed %d: got %s and %s", seed, got, want)
		}
	}
}

func fromEnvironment(t *testing.T, name string, fallback int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number of seeds", name, text)
	}
	return n
}
