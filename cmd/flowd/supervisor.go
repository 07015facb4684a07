package main

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"
)

// tellSupervisor tells systemd that the service has started, for as long as it is healthy that it lives, and that it stops. Where nobody listens it does
// nothing. A service that stands still says nothing more, and systemd starts another after WatchdogSec.
// Source: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
func (s *service) tellSupervisor(healthy func() error) func(context.Context) error {
	return func(ctx context.Context) error {
		s.notify(daemon.SdNotifyReady)
		defer s.notify(daemon.SdNotifyStopping)
		interval, err := daemon.SdWatchdogEnabled(false)
		if err != nil {
			s.log.Warn("the watchdog of systemd is not told anything: its settings make no sense", zap.Error(err))
		}
		if interval <= 0 {
			<-ctx.Done()
			return nil
		}
		tick := time.NewTicker(interval / 2)
		defer tick.Stop()
		for {
			if healthy() == nil {
				s.notify(daemon.SdNotifyWatchdog)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}
}

func (s *service) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.Warn("systemd does not hear flowd", zap.String("state", state), zap.Error(err))
	}
}
