package main

import (
	"context"
	"log/slog"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"

	"flowd/internal/remotewrite"
	"flowd/pkg/metrics"
)

// remoteWriter sends event time to the endpoints of the configuration. It is nil when there are none.
func (s *service) remoteWriter() (*remotewrite.Writer, error) {
	if len(s.options.RemoteWrite) == 0 {
		return nil, nil
	}
	const noStackTraces = slog.LevelError + 1
	handler := zapslog.NewHandler(s.log.Core(), zapslog.WithName("remote write"), zapslog.AddStacktraceAt(noStackTraces))
	return remotewrite.New(s.options.RemoteWrite, remotewrite.Deps{
		Source: minuteSource{s.totals}, Logger: slog.New(handler), Registerer: s.registry,
	})
}

// writeRemotely runs the writer, if there is one, until ctx ends.
func (s *service) writeRemotely(w *remotewrite.Writer) func(context.Context) error {
	return func(ctx context.Context) error {
		if w == nil {
			<-ctx.Done()
			return nil
		}
		for _, e := range s.options.RemoteWrite {
			s.log.Info("sending event time", zap.String("endpoint", e.Name), zap.String("url", e.URL))
		}
		return w.Run(ctx)
	}
}

// minuteSource joins what has the minutes with what sends them.
type minuteSource struct{ totals *metrics.Totals }

// Closed implements [remotewrite.Source].
func (m minuteSource) Closed(after int64, n int) []remotewrite.Minute {
	var minutes []remotewrite.Minute
	for _, c := range m.totals.ClosedMinutes(after, n, time.Now()) {
		minute := remotewrite.Minute{Begin: c.Time}
		for _, t := range c.Timelines {
			minute.Series = append(minute.Series, remotewrite.Series{
				AccountID: t.AccountID, VPCID: t.VPCID, Action: t.Action, New: t.New,
				Records: t.Total.Records, Bytes: t.Total.Bytes, Packets: t.Total.Packets,
			})
		}
		minutes = append(minutes, minute)
	}
	return minutes
}

// Position implements [remotewrite.Source].
func (m minuteSource) Position(endpoint string) int64 { return m.totals.RemotePosition(endpoint) }

// Sent implements [remotewrite.Source].
func (m minuteSource) Sent(endpoint string, minute int64) { m.totals.RemoteSent(endpoint, minute) }
