package ingest

import (
	"fmt"
	"testing"
)

// TestObjectThatTheCounterForgotIsNoOutage leaves it to the dead-letter queue, whoever says it: the look-up, or the commit that knows more.
func TestObjectThatTheCounterForgotIsNoOutage(t *testing.T) {
	forgotten := fmt.Errorf("the ledger: %w", ErrTooOld)
	for name, forget := range map[string]func(c *fakeCounter){
		"the look-up": func(c *fakeCounter) { c.lookUp = func(int) error { return forgotten } },
		"the commit": func(c *fakeCounter) {
			c.commit = func(int) (*CommitResult, bool) { return &CommitResult{Err: forgotten}, true }
		},
	} {
		t.Run(name, func(t *testing.T) {
			scenario{func(r *rig) {
				forget(r.counter)
				r.sendObject(key, zip(r, text(3)))
			}, deadLettered, 3, 0, broken(reasonTooOld)}.run(t)
		})
	}
}
