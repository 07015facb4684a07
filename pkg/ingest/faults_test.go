package ingest

import (
	"testing"
	"time"
)

// scenario is what a fault must come to: where its only message is after three hours, what was counted, and what moved.
type scenario struct {
	world    func(r *rig)
	fate     string
	receives int
	records  int
	counters map[string]float64
}

// run plays it. What else must hold at the end is in also.
func (s scenario) run(t *testing.T, also ...func(r *rig)) {
	t.Helper()
	inBubble(t, func(r *rig) {
		s.world(r)
		r.runFor(3 * time.Hour)
		r.wantFate(s.fate, s.receives)
		r.wantRecords(s.records)
		r.wantCounters(s.counters)
		for _, holds := range also {
			holds(r)
		}
	})
}

// once is what moves when a message is deleted after its first receive.
func once(objects string) map[string]float64 {
	return map[string]float64{"sqs_messages_received": 1, "sqs_messages_deleted": 1, objects: 1}
}

// never is what moves when a message fails in the same way until it is dead.
func never(reason string) map[string]float64 {
	return map[string]float64{"sqs_messages_received": 3, "sqs_messages_failed{" + reason + "}": 3}
}

// broken is the same for its only object.
func broken(reason string) map[string]float64 {
	all := never(reasonObject)
	all["object_failures{"+reason+"}"] = 3
	return all
}

// counted runs a scenario of one object that counts at once.
func counted(t *testing.T, content []byte, records int) {
	t.Helper()
	scenario{func(r *rig) { r.sendObject(key, content) }, deleted, 1, records, once("objects{counted}")}.run(t)
}

// dead runs a scenario of one object that never counts.
func dead(t *testing.T, content []byte, reason string) {
	t.Helper()
	scenario{func(r *rig) { r.sendObject(key, content) }, deadLettered, 3, 0, broken(reason)}.run(t)
}
