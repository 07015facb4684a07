package e2e

import (
	"fmt"
	"syscall"
	"testing"
)

// TestRestartsAndKillsLoseNothingAndRepeatNothing ends flowd in the middle of its work, again and again, with one state directory.
func TestRestartsAndKillsLoseNothingAndRepeatNothing(t *testing.T) {
	t.Parallel()
	s, tr := newSite(t, "restart"), newTraffic(t, 4)
	flags := s.flags(t.TempDir())
	d := s.start(flags)
	for round, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGKILL, syscall.SIGTERM, syscall.SIGKILL} {
		before := d.status().Totals.Objects
		tr.deliver(s, 5)
		d.untilMore(before)
		shown := d.scrape().of(durable()...)
		if len(shown) == 0 {
			t.Fatalf("round %d: the scrape before the end has no durable counter", round)
		}
		if end == syscall.SIGKILL {
			d.kill()
		} else {
			d.stop()
		}
		d = s.start(flags)
		if step := stepsBack(shown, d.scrape()); step != "" {
			t.Errorf("round %d, %v: %s", round, end, step)
		}
	}
	tr.untilCounted(d)
	s.untilQuiet(d)
	if difference := tr.differs(d.scrape()); difference != "" {
		t.Errorf("after the last message: %s", difference)
	}
	if n := s.messages(s.result.DeadLetterQueueURL); n != 0 {
		t.Errorf("messages on the dead-letter queue: got %d, want 0", n)
	}
}

// stepsBack names one counter that is lower than before, or gone, or nothing.
func stepsBack(before, after samples) string {
	for k, v := range before {
		if got, there := after[k]; !there || got < v {
			return fmt.Sprintf("%s stepped back: got %v, want at least %v", k, got, v)
		}
	}
	return ""
}
