package ingest

import (
	"errors"
	"io"
	"time"
)

// limit is how many may do something at once.
type limit chan struct{}

func (l limit) acquire() { l <- struct{}{} }
func (l limit) release() { <-l }

// watchedBody counts bytes, watches for a stall while it waits for the network, and gives the core away meanwhile.
type watchedBody struct {
	body  io.Reader
	cores limit
	stall *time.Timer
	n     int64 // Bytes as stored.
	ended bool  // All of the body was seen.
}

// Read implements [io.Reader]. Whoever calls it holds a core.
func (b *watchedBody) Read(p []byte) (int, error) {
	b.cores.release()
	defer b.cores.acquire()
	b.stall.Reset(stallTimeout)
	n, err := b.body.Read(p)
	b.stall.Stop()
	b.n += int64(n)
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}
