package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// From says which object the batch is of. Without it the batch says nothing about completeness.
func (b *Batch) From(x Arrival) { b.arrival = x }

// Announced says that an object was announced and will be counted; its flow log is not complete beyond it before [Totals.Settled]. It may be
// said again. Neither blocks on a disk.
func (t *Totals) Announced(x Arrival, now time.Time) { t.arrivals.begin(x, now) }

// Settled says that an object has a fate.
func (t *Totals) Settled(id string) { t.arrivals.done(id) }

// QueueEmpty says that no message was waiting at that time; with nothingInFlight also that none was in work.
func (t *Totals) QueueEmpty(at time.Time, nothingInFlight bool) {
	t.arrivals.queueEmpty(at, nothingInFlight)
}

// watermarksDue says whether a flow log is complete further than what is durable.
func (t *Totals) watermarksDue(now time.Time) bool {
	until, idle := t.arrivals.complete(now)
	for id, w := range until {
		if set := t.watermark(id); set == nil || int64(t.state.pages.get(set.slot)) < w {
			return true
		}
	}
	for _, set := range t.state.sets[familyWatermark] {
		// An idle flow log moves by the minute: more would be a transaction a second that says nothing.
		if idle-int64(t.state.pages.get(set.slot)) >= 60 {
			return true
		}
	}
	return false
}

// addWatermarks makes durable up to when flow logs are complete. A watermark never moves back.
func (s *stage) addWatermarks() {
	until, idle := s.t.arrivals.complete(s.now)
	for id, w := range until {
		set := s.watermark(id)
		if int64(s.pages.get(set.slot)) < w {
			s.t.state.lastUse[set.slot] = s.now
		}
		s.raise(set, uint64(w))
	}
	for _, set := range s.t.state.sets[familyWatermark] {
		s.raise(set, uint64(max(idle, 0)))
	}
}

// watermark finds that of a flow log, or nil. Past the bound, those that have none of their own share one.
func (t *Totals) watermark(id string) *labelSet {
	find := func(id string) *labelSet { return t.state.index[string(appendKey(nil, familyWatermark, []string{id}))] }
	if set := find(id); set != nil || len(t.state.sets[familyWatermark]) < maxFlowLogs {
		return set
	}
	return find(labelOther)
}

func (s *stage) watermark(id string) *labelSet {
	if set := s.t.watermark(id); set != nil {
		return set
	}
	if len(s.t.state.sets[familyWatermark]) >= maxFlowLogs {
		id = labelOther
	}
	return s.set(familyWatermark, id)
}

// completeUntil emits the watermarks. Like every gauge they have no birth.
func (s *snapshot) completeUntil(desc *prometheus.Desc, ch chan<- prometheus.Metric) {
	for _, set := range s.sets[familyWatermark] {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(s.pages.get(set.slot)), set.values...)
	}
}
