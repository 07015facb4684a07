package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"flowd/internal/ledger"
	"flowd/pkg/metrics"
)

// exporter writes one JSON object a line.
type exporter struct{ *json.Encoder }

// exportedSeries is one counter, or one part of a histogram.
type exportedSeries struct {
	Type   string            `json:"type"`
	Metric string            `json:"metric"`
	Labels map[string]string `json:"labels"`
	Value  float64           `json:"value"`
}

func (e exporter) all(state *ledger.Ledger) error {
	report := checkLedger(state)
	if err := e.Encode(struct {
		Type string `json:"type"`
		ledgerReport
	}{"ledger", report}); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	if err := state.Rows(e.object); err != nil {
		return err
	}
	return e.counters(state)
}

func (e exporter) object(r ledger.Row) error {
	return e.Encode(struct {
		Type string `json:"type"`
		ledger.Row
	}{"object", r})
}

// counters are what is committed. A stage that nobody writes down releases the births that no scrape has read at 0 yet.
func (e exporter) counters(state *ledger.Ledger) error {
	totals, err := loadTotals(state)
	if err != nil {
		return err
	}
	publish, err := totals.Stage(nil, nowhere{}, time.Now().Add(time.Second))
	if err != nil {
		return err
	}
	publish()
	registry := prometheus.NewRegistry()
	registry.MustRegister(totals)
	families, err := registry.Gather()
	if err != nil {
		return fmt.Errorf("collecting the counters: %w", err)
	}
	for _, f := range families {
		if slices.Contains(metrics.Durable(), f.GetName()) {
			if err := e.family(f); err != nil {
				return fmt.Errorf("writing the result: %w", err)
			}
		}
	}
	return nil
}

func (e exporter) family(f *dto.MetricFamily) error {
	for _, m := range f.Metric {
		for _, s := range parts(f.GetName(), m) {
			if err := e.Encode(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts are the series of a metric, as a scrape has them.
func parts(name string, m *dto.Metric) []exportedSeries {
	labels := map[string]string{}
	for _, l := range m.Label {
		labels[l.GetName()] = l.GetValue()
	}
	series := func(suffix string, v float64) exportedSeries {
		return exportedSeries{"series", name + suffix, labels, v}
	}
	h := m.GetHistogram()
	if h == nil {
		return []exportedSeries{series("", m.GetCounter().GetValue()+m.GetGauge().GetValue())} // It is one of the two.
	}
	all := []exportedSeries{series("_count", float64(h.GetSampleCount())), series("_sum", h.GetSampleSum())}
	for _, b := range h.Bucket {
		all = append(all, exportedSeries{"series", name + "_bucket", map[string]string{"le": fmt.Sprint(b.GetUpperBound())}, float64(b.GetCumulativeCount())})
	}
	return all
}

// nowhere is where a stage writes that is only looked at.
type nowhere struct{}

func (nowhere) PutPage(uint32, []byte) error   { return nil }
func (nowhere) PutSeries(uint32, []byte) error { return nil }
func (nowhere) DeleteSeries(uint32) error      { return nil }
