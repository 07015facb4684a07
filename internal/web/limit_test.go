package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipeListener hands out the server's ends of pipes, so that a connection lives in virtual time.
type pipeListener struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{accepted: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	close(l.closed)
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// dial is the client's end of a connection that was accepted.
func (l *pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	l.accepted <- server
	return client
}

// inVirtualTime serves on pipes while test runs.
func inVirtualTime(t *testing.T, deps func(*Deps), test func(*testing.T, *pipeListener)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg, d := everything()
		if deps != nil {
			deps(&d)
		}
		l := newPipeListener()
		ctx, stop := context.WithCancel(t.Context())
		done, s := make(chan error, 1), newServer(t, cfg, d)
		go func() { done <- s.serve(ctx, []net.Listener{limitConnections(l, 2)}) }()
		test(t, l)
		stop()
		if err := <-done; err != nil {
			t.Errorf("serving: got %v, want nil", err)
		}
	})
}

// cutAfter reads until the server ends the connection, and says how long that took.
func cutAfter(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	began := time.Now()
	if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("reading until the server ends the connection: %v", err)
	}
	return time.Since(began)
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Errorf("sending %.20q: %v", text, err)
	}
}

// T11 clients that hold connections: each part of a request and of its answer has its time, and then the connection is cut.
func TestT11_SlowClientsAreCut(t *testing.T) {
	large := answer(strings.Repeat("x", 1<<20))
	cases := []struct {
		name   string
		client func(t *testing.T, c net.Conn)
		after  time.Duration
	}{
		{"one that says nothing", func(*testing.T, net.Conn) {}, readHeaderTimeout},
		{"one whose header has no end", func(t *testing.T, c net.Conn) { send(t, c, "GET / HTTP/1.1\r\nHost: a\r\n") }, readHeaderTimeout},
		{"one that announces a body and sends none", func(t *testing.T, c net.Conn) {
			send(t, c, "POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
		}, readTimeout},
		{"one that asks nothing more", func(t *testing.T, c net.Conn) {
			send(t, c, "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n")
			if got, err := statusOf(c); got != http.StatusOK {
				t.Errorf("got %d, %v, want an answer", got, err)
			}
		}, idleTimeout},
		{"one that does not read its answer", func(t *testing.T, c net.Conn) {
			send(t, c, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
			<-time.After(writeTimeout + time.Second)
		}, 0},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			inVirtualTime(t, func(d *Deps) { d.Metrics = large }, func(t *testing.T, l *pipeListener) {
				c := l.dial()
				defer c.Close()
				test.client(t, c)
				if got := cutAfter(t, c); got != test.after {
					t.Errorf("cut after %s, want %s", got, test.after)
				}
			})
		})
	}
}

// T11 many connections at once: so many are served, and one more when one of them ends.
func TestT11_ConnectionsAreBounded(t *testing.T) {
	inVirtualTime(t, nil, func(t *testing.T, l *pipeListener) {
		first, second := l.dial(), l.dial()
		defer second.Close()
		third, server := net.Pipe()
		defer third.Close()
		synctest.Wait()
		select {
		case l.accepted <- server:
			t.Error("a connection past the limit was accepted")
			return
		default:
		}
		first.Close()
		l.accepted <- server
		send(t, third, "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n")
		if got, err := statusOf(third); got != http.StatusOK {
			t.Errorf("after one ended: got %d, %v, want an answer", got, err)
		}
	})
}

// TestFullListenerStops: open connections do not keep serving from ending.
func TestFullListenerStops(t *testing.T) {
	inVirtualTime(t, nil, func(t *testing.T, l *pipeListener) {
		for range 2 {
			c := l.dial()
			t.Cleanup(func() { c.Close() })
		}
	})
}

// T11 what one request may ask for: limits are those of the threat model, and other methods than GET answer 405 before anything is done.
func TestT11_RequestsAreBounded(t *testing.T) {
	cfg, deps := everything()
	s := newServer(t, cfg, deps)
	got := s.httpServer()
	for _, limit := range []struct {
		name      string
		got, want time.Duration
	}{
		{"ReadHeaderTimeout", got.ReadHeaderTimeout, 5 * time.Second},
		{"ReadTimeout", got.ReadTimeout, 10 * time.Second},
		{"WriteTimeout", got.WriteTimeout, 30 * time.Second},
		{"IdleTimeout", got.IdleTimeout, 60 * time.Second},
	} {
		if limit.got != limit.want {
			t.Errorf("%s: got %s, want %s", limit.name, limit.got, limit.want)
		}
	}
	if got.MaxHeaderBytes != 16<<10 {
		t.Errorf("MaxHeaderBytes: got %d, want 16 KiB", got.MaxHeaderBytes)
	}
	listeners, err := s.listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer listeners[0].Close()
	if l, ok := listeners[0].(*limitedListener); !ok || cap(l.places) != maxConnections {
		t.Errorf("got a %T, want a listener for %d connections", listeners[0], maxConnections)
	}
	paths := []string{"/", "/assets/style.css", "/metrics", "/api/v1/status", "/api/v1/top", "/-/healthy", "/-/ready"}
	for _, path := range paths {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect, "BREW"} {
			if code := ask(t, s, method, path).Code; code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: got %d, want 405", method, path, code)
			}
		}
	}
}

// T11 header of a megabyte: refused with 431, and not kept.
func TestT11_LongHeader(t *testing.T) {
	inVirtualTime(t, nil, func(t *testing.T, l *pipeListener) {
		c := l.dial()
		defer c.Close()
		go func() { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", 1<<20)) }() // It is cut off.
		if got, err := statusOf(c); got != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("got %d, %v, want 431", got, err)
		}
	})
}

// statusOf reads one answer, and is 0 when there is none.
func statusOf(c net.Conn) (int, error) {
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
