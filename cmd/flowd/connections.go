package main

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// reservedDescriptors are left to the ledger, the log, and whoever scrapes: without them an outage could not be seen. Half of the descriptors are, when
// that is less.
const reservedDescriptors = 32

// connections opens as many connections to AWS as leave the reserve.
type connections struct {
	most int64
	open atomic.Int64
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// shareOfDescriptors is how many of them connections to AWS may take.
func shareOfDescriptors(limit int) int64 {
	return int64(max(limit-reservedDescriptors, limit/2))
}

// DialContext fails as the system does when no descriptor is left.
func (c *connections) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if c.open.Add(1) > c.most {
		c.open.Add(-1)
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("socket", syscall.EMFILE)}
	}
	conn, err := c.dial(ctx, network, address)
	if err != nil {
		c.open.Add(-1)
		return nil, err
	}
	return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { c.open.Add(-1) })}, nil
}

// countedConn gives its place back when it is closed, once.
type countedConn struct {
	net.Conn
	closed func()
}

// Close implements [net.Conn].
func (c *countedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}
