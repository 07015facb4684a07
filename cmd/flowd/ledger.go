package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowd/internal/ledger"
)

// ledgerSettings are what the service may do with its state.
type ledgerSettings struct {
	OnCorruption   string `default:"fail" enum:"fail,recreate" help:"What to do with a damaged ledger: ${enum}. fail does not start; recreate sets the file aside and starts at 0, and objects written before that are left to the dead-letter queue."`
	AllowNetworkFS bool   `name:"allow-network-fs" help:"Keep state on a network file system, though its locks and syncs may not hold."`
	MaxObjects     uint64 `default:"50000000" help:"Objects that the ledger may know, about 50 bytes each; receiving stops at that, and nothing is dropped. 0 is no limit."`
}

func (s *ledgerSettings) config() ledger.Config {
	return ledger.Config{MaxObjects: s.MaxObjects, Recreate: s.OnCorruption == "recreate", AllowNetworkFS: s.AllowNetworkFS}
}

// sayWhatWasSetAside tells whoever reads the log why counters start at 0.
func sayWhatWasSetAside(state *ledger.Ledger, log *zap.Logger) {
	if aside := state.SetAside(); aside.Path != "" {
		log.Error("the ledger was damaged and is set aside; counters start at 0, and objects written before now are left to the dead-letter queue",
			zap.String("set_aside", aside.Path), zap.Time("horizon", state.Stats().Horizon), zap.Error(aside.Why))
	}
}

// ledgerMetrics says how large the ledger is, as of its last transaction.
type ledgerMetrics struct {
	stats func() ledger.Stats
}

// ledgerFamily describes one, with its value.
type ledgerFamily struct {
	desc  *prometheus.Desc
	value float64
}

// ledgerFamilies are all of them, in one place so that what is described is what is collected.
func ledgerFamilies(s ledger.Stats) []ledgerFamily {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return []ledgerFamily{
		{desc("flowd_ledger_size_bytes", "Size of the ledger's file; it does not shrink, but the space of dropped days is used again."), float64(s.Bytes)},
		{desc("flowd_ledger_objects", "Objects that the ledger knows to be counted; those written more than 30 days ago are dropped."), float64(s.Rows)},
		{desc("flowd_ledger_oldest_row_timestamp_seconds", "Beginning of the oldest day that the ledger knows objects of; 0 while it knows none."), unixSeconds(s.Oldest)},
		{desc("flowd_ledger_horizon_timestamp_seconds", "Objects written before this, and not known to the ledger, are not counted; 0 while nothing was forgotten."), unixSeconds(s.Horizon)},
	}
}

// Describe implements [prometheus.Collector].
func (m *ledgerMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range ledgerFamilies(ledger.Stats{}) {
		ch <- f.desc
	}
}

// Collect implements [prometheus.Collector]. It reads no disk.
func (m *ledgerMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, f := range ledgerFamilies(m.stats()) {
		ch <- prometheus.MustNewConstMetric(f.desc, prometheus.GaugeValue, f.value)
	}
}

// unixSeconds is 0 for a time that never was.
func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}
