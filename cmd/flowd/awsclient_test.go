package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// F54 connection that is dead without a sign: connecting ends after 10 seconds, TLS after 10 more, waiting for an answer after 30, and a connection that
// is idle is closed after 30 seconds, before a NAT gateway forgets it.
func TestF54_ConnectionTimeouts(t *testing.T) {
	dialer := newAWSClient().GetDialer()
	if dialer.Timeout != dialTimeout || dialer.KeepAlive != keepAlive {
		t.Errorf("the dialer waits %s and looks every %s, want %s and %s", dialer.Timeout, dialer.KeepAlive, dialTimeout, keepAlive)
	}
	for url, want := range map[string]time.Duration{"http://silent": headerTimeout, "https://silent": tlsTimeout} {
		synctest.Test(t, func(t *testing.T) {
			client, closed := onPipe(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
			began := time.Now()
			if err := get(t, client, url); err == nil || time.Since(began) != want {
				t.Errorf("%s: got %v after %s, want an error after %s", url, err, time.Since(began), want)
			}
			<-closed
		})
	}
}

// TestIdleConnectionsAreClosed has an endpoint that answers.
func TestIdleConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, closed := onPipe(t, func(conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn)
		})
		if err := get(t, client, "http://answers"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		<-closed
		if idle := time.Since(began); idle != idleTimeout {
			t.Errorf("the connection was closed after %s, want %s", idle, idleTimeout)
		}
	})
}

// onPipe is flowd's client on a connection within this bubble, and tells when the other end saw it closed.
func onPipe(t *testing.T, serve func(net.Conn)) (client *http.Client, closed chan struct{}) {
	t.Helper()
	transport := newAWSClient().GetTransport()
	closed = make(chan struct{})
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer close(closed)
			serve(theirs)
		}()
		return ours, nil
	}
	transport.Proxy = nil
	return &http.Client{Transport: transport}, closed
}

func get(t *testing.T, client *http.Client, url string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
