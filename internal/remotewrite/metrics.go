package remotewrite

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Reasons for which samples are given up.
const (
	reasonRefused = "refused" // The endpoint answered that it will never take them.
	reasonGone    = "gone"    // The endpoint was away for longer than minutes are kept.
)

// instruments are the metrics of this package. They live with the process.
type instruments struct {
	sent     *prometheus.CounterVec
	dropped  *prometheus.CounterVec
	retries  *prometheus.CounterVec
	position *prometheus.GaugeVec
}

func newInstruments(r prometheus.Registerer, endpoints []Endpoint) (*instruments, error) {
	m := &instruments{
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "flowd_remote_write_samples_total", Help: "Samples that the endpoint took.",
		}, []string{"endpoint"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "flowd_remote_write_dropped_total", Help: "Samples (refused) and minutes (gone) that the endpoint will never get.",
		}, []string{"endpoint", "reason"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "flowd_remote_write_retries_total", Help: "Requests that failed and were sent again.",
		}, []string{"endpoint"}),
		position: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "flowd_remote_write_sent_until_timestamp_seconds", Help: "Time up to which the endpoint has every minute, in Unix seconds; 0 before the first.",
		}, []string{"endpoint"}),
	}
	for _, e := range endpoints {
		m.sent.WithLabelValues(e.Name)
		m.dropped.WithLabelValues(e.Name, reasonRefused)
		m.dropped.WithLabelValues(e.Name, reasonGone)
		m.retries.WithLabelValues(e.Name)
		m.position.WithLabelValues(e.Name)
	}
	for _, c := range []prometheus.Collector{m.sent, m.dropped, m.retries, m.position} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
