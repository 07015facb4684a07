package main

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/zap"

	"flowd/pkg/ingest"
)

// supervisor is the socket of systemd, and what it hears.
func supervisor(t *testing.T) <-chan string {
	t.Helper()
	address := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	t.Setenv("NOTIFY_SOCKET", address)
	heard := make(chan string, 1000)
	go func() {
		defer close(heard)
		b := make([]byte, 100)
		for {
			n, err := socket.Read(b)
			if err != nil {
				return
			}
			heard <- string(b[:n])
		}
	}()
	return heard
}

// F53 a worker stands still: the watchdog of systemd hears nothing more, so that another process takes over.
func TestF53_TheWatchdogOfSystemd(t *testing.T) {
	heard := supervisor(t)
	t.Setenv("WATCHDOG_USEC", "2000")
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	const well, times = 5, 20 // It is asked so often, and well at first.
	healthy := func() error {
		if asked++; asked == times {
			cancel()
		}
		if asked > well {
			return ingest.ErrStuck
		}
		return nil
	}
	if err := (&service{log: zap.NewNop()}).tellSupervisor(healthy)(ctx); err != nil {
		t.Errorf("got %v, want no error", err)
	}
	var all []string
	for len(all) == 0 || all[len(all)-1] != "STOPPING=1" {
		all = append(all, <-heard)
	}
	if want := slices.Concat([]string{"READY=1"}, slices.Repeat([]string{"WATCHDOG=1"}, well), []string{"STOPPING=1"}); !slices.Equal(all, want) {
		t.Errorf("systemd heard %q, want %q", all, want)
	}
}

func TestWithoutASupervisorNothingIsSaid(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&service{log: zap.NewNop()}).tellSupervisor(func() error { return nil })(ctx); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}
