//go:build broken_delete

package ingest

import "testing"

// TestSimulationCatchesDeleteBeforeCommit shows that the simulation can fail, in the build that is wrong on purpose.
func TestSimulationCatchesDeleteBeforeCommit(t *testing.T) {
	const seeds = 20
	all := simulateAll(t, 1, seeds)
	if len(all.failed) != seeds {
		t.Errorf("%d of %d seeds found out that messages are deleted before their objects are counted, want all", len(all.failed), seeds)
	}
}
