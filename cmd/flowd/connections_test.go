package main

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
)

// F72 few descriptors: connections to AWS leave 32 of them to the ledger and to whoever scrapes, or half of them where that is less; what would take more
// fails as if none were left, and a connection that is closed, or was not made, gives its place back.
func TestF72_ScrapesKeepTheirDescriptors(t *testing.T) {
	for limit, want := range map[int]int64{20: 10, 64: 32, 100: 68, 1024: 992} {
		if got := shareOfDescriptors(limit); got != want {
			t.Errorf("of %d descriptors: got %d, want %d", limit, got, want)
		}
	}
	refused := error(nil)
	c := &connections{most: 2, dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		return ours, errors.Join(refused, theirs.Close())
	}}
	open := func(want error) net.Conn {
		t.Helper()
		conn, err := c.DialContext(t.Context(), "tcp", "sqs:443")
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Fatalf("got %v, want %v", err, want)
		}
		return conn
	}
	first := open(nil)
	refused = syscall.ECONNREFUSED
	open(refused)
	refused = nil
	second := open(nil)
	open(syscall.EMFILE)
	for range 2 { // The second close of one connection frees nothing.
		_ = first.Close()
	}
	third := open(nil)
	open(syscall.EMFILE)
	if err := errors.Join(second.Close(), third.Close()); err != nil {
		t.Fatal(err)
	}
	if got := c.open.Load(); got != 0 {
		t.Errorf("%d connections are counted as open, want none", got)
	}
}

// TestAWSClientCountsConnections holds the client to it.
func TestAWSClientCountsConnections(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := newAWSClient().GetTransport().DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, ok := conn.(*countedConn); !ok {
		t.Errorf("got a %T, want one that is counted", conn)
	}
}
