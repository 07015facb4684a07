package ingest

import (
	"errors"
	"io"
	"time"
)

// Bounds of one body. An object of AWS has at most 75 MB of gzip, which takes seconds to get and to parse.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
const (
	maxObject = 256 << 20 // Bytes as stored.
	// maxParse is the most time that parsing one object may hold a core.
	maxParse = 2 * time.Minute
	// turn is how long parsing one object may keep a core from others that wait for it, although more of its body is there.
	turn = time.Second
	// slowRate, in bytes a second, is the least that a body must come with over every slowWindow of waiting for it: a byte now and then would
	// hold a worker for days.
	slowRate   = 64 << 10
	slowWindow = time.Minute
)

// ahead is a body that knows whether the next Read of it returns at once: then it is ready.
type ahead interface {
	io.Reader
	ready() bool
	await() // Returns when it is ready.
}

// watchedBody counts the bytes that a parser took, and gives the core away while it waits for more of them. While they are there it keeps the core for a
// turn: whoever takes it next finds its caches full of another batch.
type watchedBody struct {
	body    ahead
	cores   *cores
	abandon func() // Ends a Read that waits for more; nil when there is none.
	n       int64  // Bytes as stored.
	ended   bool   // All of the body was seen.

	held   time.Time     // Since when the core is held.
	parsed time.Duration // How long it was held before.
}

// acquire takes a core; whoever has it must call release in the end.
func (b *watchedBody) acquire() {
	b.cores.acquire()
	b.held = time.Now()
}

func (b *watchedBody) release() {
	b.parsed += time.Since(b.held)
	b.cores.release()
}

// Read implements [io.Reader]. Whoever calls it holds a core.
func (b *watchedBody) Read(p []byte) (int, error) {
	held := time.Since(b.held)
	if b.parsed+held > maxParse {
		return 0, failed(reasonBomb, "parsing it took more than %s", maxParse)
	}
	if held > turn || !b.body.ready() {
		b.release()
		defer b.acquire()
	}
	n, err := b.body.Read(p)
	b.n += int64(n)
	b.ended = b.ended || errors.Is(err, io.EOF)
	if b.n > maxObject {
		return 0, tooLarge(b.n)
	}
	return n, err
}

// network is a body that must not stall, and not come too slowly. Only time that is spent in its Read counts.
type network struct {
	body   io.Reader
	stall  *time.Timer
	alive  func()        // Called after every read; nil is not called.
	waited time.Duration // In this window.
	came   int64         // Bytes, in this window.
}

// Read implements [io.Reader].
func (b *network) Read(p []byte) (int, error) {
	began := time.Now()
	b.stall.Reset(stallTimeout)
	n, err := b.body.Read(p)
	b.stall.Stop()
	if b.alive != nil {
		b.alive()
	}
	if err == nil {
		err = b.pace(n, time.Since(began))
	}
	return n, err
}

// pace fails a body that comes too slowly.
func (b *network) pace(n int, took time.Duration) error {
	b.came += int64(n)
	if b.waited += took; b.waited < slowWindow {
		return nil
	}
	if b.came < int64(slowRate*b.waited.Seconds()) {
		return failed(reasonStalled, "%d bytes in %s, less than %d a second", b.came, b.waited.Round(time.Second), slowRate)
	}
	b.waited, b.came = 0, 0
	return nil
}

func tooLarge(n int64) error {
	return failed(reasonTooLarge, "it has %d bytes, more than %d", n, maxObject)
}
