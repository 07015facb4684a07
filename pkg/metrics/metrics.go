package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// instruments are the metrics about counting itself. They live with the process. The durable families stand in families.go.
type instruments struct {
	newestRecord   *prometheus.Desc
	lastCommit     *prometheus.Desc
	completeUntil  *prometheus.Desc
	durable        *prometheus.Desc
	series         *prometheus.Desc
	seriesLimit    *prometheus.Desc
	commitDuration prometheus.Histogram
	overflow       map[family]prometheus.Counter
	overflowTotal  *prometheus.CounterVec
	durableDescs   [numFamilies][]*prometheus.Desc
}

func newInstruments(defs [numFamilies]*definition) instruments {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	m := instruments{
		newestRecord:  desc("flowd_newest_record_timestamp_seconds", "End of the newest record counted, in Unix seconds; 0 when none was."),
		lastCommit:    desc("flowd_last_commit_timestamp_seconds", "When this process last added an object to the totals, in Unix seconds; 0 when it did not yet."),
		completeUntil: desc("flowd_data_complete_until_timestamp_seconds", "Time up to which everything that a flow log delivers has been counted, in Unix seconds; it never moves back.", "flow_log_id"),
		durable:       desc("flowd_ledger_durable", "1 when counters survive a restart, 0 when they are kept in memory."),
		series:        desc("flowd_series", "What a bounded family has: interfaces in family interface, label sets in the others.", "family"),
		seriesLimit:   desc("flowd_series_limit", "What a bounded family may have, in the unit of flowd_series; what comes after counts as other.", "family"),
		commitDuration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                            "flowd_commit_duration_seconds",
			Help:                            "Time that a transaction took, from its first look-up until it was synced, in seconds.",
			Buckets:                         []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  160,
			NativeHistogramMinResetDuration: time.Hour,
		}),
		overflow: map[family]prometheus.Counter{},
		overflowTotal: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "flowd_series_overflow_total",
			Help: "Records that counted as other because their family was at its limit.",
		}, []string{"family"}),
	}
	for _, f := range []family{familyFlow, familyInterface} {
		m.overflow[f] = m.overflowTotal.WithLabelValues(defs[f].short)
	}
	for f, d := range defs {
		if d != nil {
			m.durableDescs[f] = d.descs()
		}
	}
	return m
}

// boundedFamilies are those whose label sets come from records. Of these only flows and interfaces can overflow: the ports are configured, and
// a ranking has its members.
func boundedFamilies() []family {
	return []family{
		familyFlow, familyInterface, familyPort,
		familyTopSource, familyTopDestination, familyTopPair, familyTopRejectedSource, familyTopRejectedPort,
	}
}

// ObserveCommit records how long a transaction took.
func (t *Totals) ObserveCommit(d time.Duration) { t.instrument.commitDuration.Observe(d.Seconds()) }

// Describe implements [prometheus.Collector].
func (t *Totals) Describe(ch chan<- *prometheus.Desc) {
	for _, descs := range t.instrument.durableDescs {
		for _, d := range descs {
			ch <- d
		}
	}
	for _, d := range []*prometheus.Desc{t.instrument.newestRecord, t.instrument.lastCommit, t.instrument.completeUntil, t.instrument.durable, t.instrument.series, t.instrument.seriesLimit} {
		ch <- d
	}
	t.instrument.commitDuration.Describe(ch)
	t.instrument.overflowTotal.Describe(ch)
}

// Collect implements [prometheus.Collector]: constant metrics from one snapshot, so that every sum over families holds inside a scrape.
func (t *Totals) Collect(ch chan<- prometheus.Metric) {
	s := t.snapshot.Load()
	for f, d := range t.defs {
		switch {
		case d == nil || len(d.names) == 0:
		case d.id == familyRecordAge:
			s.recordAge(t.instrument.durableDescs[f][0], ch)
		default:
			s.counters(t.expositionOf(d, s.sets[f]), t.instrument.durableDescs[f], ch)
		}
	}
	t.collectHealth(s, ch)
}

func (t *Totals) collectHealth(s *snapshot, ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(t.instrument.newestRecord, float64(s.newestRecord()))
	gauge(t.instrument.lastCommit, unixSeconds(s.lastCommit))
	s.completeUntil(t.instrument.completeUntil, ch)
	gauge(t.instrument.durable, map[bool]float64{true: 1}[t.cfg.Durable])
	for _, f := range boundedFamilies() {
		gauge(t.instrument.series, float64(s.size(f)), t.defs[f].short)
		gauge(t.instrument.seriesLimit, float64(t.limit(f)), t.defs[f].short)
	}
	t.instrument.commitDuration.Collect(ch)
	t.instrument.overflowTotal.Collect(ch)
}

func unixSeconds(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return float64(at.UnixMilli()) / 1000
}
