package web

import (
	"errors"
	"net"
	"sync"
)

// maxConnections is how many connections one address serves at once. Prometheus needs one and a person a handful; each costs a descriptor and
// some 10 kB. Further ones wait in the backlog of the operating system until one ends, which the timeouts of the server see to.
const maxConnections = 256

// limitConnections lets at most n connections of l be open at once.
func limitConnections(l net.Listener, n int) net.Listener {
	return &limitedListener{Listener: l, places: make(chan struct{}, n), closed: make(chan struct{})}
}

type limitedListener struct {
	net.Listener
	places chan struct{} // Holds a value for every open connection.
	once   sync.Once
	closed chan struct{}
}

// Accept waits for a place first, so that a connection that is accepted is served.
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &limitedConn{Conn: c, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

// Close ends an Accept that waits for a place, too. Closing again is an error, as it is for the listener inside.
func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// limitedConn gives its place back when it is closed, once however often that is.
type limitedConn struct {
	net.Conn
	leave func()
}

func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite ends the sending side alone: net/http does so before it closes a connection whose request it did not read to the end.
func (c *limitedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
