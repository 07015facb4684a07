package ingest

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
)

// Memory of reading ahead, in bytes. Whatever the network brings, all workers together have no more than readBudget, and one chunk each.
const (
	readBudget = 8 << 20
	chunkSize  = 64 << 10
)

// chunks are what workers share to read ahead into. They are made when they are needed, and kept.
type chunks struct {
	may  chan struct{} // One for each that may be in use still.
	mu   sync.Mutex
	made [][]byte // Not in use; the last one was used last.
}

func newChunks() *chunks {
	c := &chunks{may: make(chan struct{}, readBudget/chunkSize)}
	for range cap(c.may) {
		c.may <- struct{}{}
	}
	return c
}

// take is for who took from may.
func (c *chunks) take() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.made)
	if n == 0 {
		return make([]byte, chunkSize)
	}
	chunk := c.made[n-1]
	c.made = c.made[:n-1]
	return chunk
}

func (c *chunks) put(chunk []byte) {
	c.mu.Lock()
	c.made = append(c.made, chunk)
	c.mu.Unlock()
	c.may <- struct{}{}
}

// prefetch reads a body ahead while its worker parses, or waits for a core. Besides the chunks that all share it has one of its own, so that every body goes on
// whoever has the others. It belongs to a worker, and is used for one body after another; start and stop come in turns.
type prefetch struct {
	shared *chunks
	own    chan []byte  // The chunk of its own, when that is not in use.
	queue  chan fetched // Has room for all that can come.
	done   chan struct{}

	got  fetched // Given out now.
	used int     // Of got.
}

// fetched is a piece of a body. With an error it is the last one.
type fetched struct {
	chunk []byte // In full length; nil has none.
	n     int    // Bytes in it.
	mine  bool   // It is the chunk of its own.
	err   error
	died  error // A panic of the body.
}

func newPrefetch(shared *chunks) *prefetch {
	p := &prefetch{shared: shared, own: make(chan []byte, 1), queue: make(chan fetched, cap(shared.may)+2)}
	p.own <- nil
	return p
}

// start begins to read body, until its first error or the end of ctx, which must end a read of the body too.
func (p *prefetch) start(ctx context.Context, body io.Reader) {
	p.done = make(chan struct{})
	go p.fetch(ctx, body)
}

// stop returns when the body is not read any more: ctx must have ended, or the body.
func (p *prefetch) stop() {
	<-p.done
	for p.release(); len(p.queue) > 0; p.release() {
		p.got = <-p.queue
	}
}

func (p *prefetch) fetch(ctx context.Context, body io.Reader) {
	defer close(p.done)
	var f fetched
	defer func() {
		if died := recover(); died != nil {
			f.died = fmt.Errorf("%v, reading the body:\n%s", died, debug.Stack())
			p.queue <- f
		}
	}()
	for f.err == nil {
		f = p.room(ctx)
		for f.err == nil && f.n < len(f.chunk) && (f.n == 0 || len(p.queue) > 0) { // Whoever has nothing gets what there is.
			var n int
			n, f.err = readSome(body, f.chunk[f.n:])
			f.n += n
		}
		p.queue <- f
	}
}

// readSome bears with bodies that return nothing and no error, but not for ever.
func readSome(body io.Reader, b []byte) (int, error) {
	const patience = 100
	for range patience {
		if n, err := body.Read(b); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// room waits for a chunk.
func (p *prefetch) room(ctx context.Context) fetched {
	select {
	case chunk := <-p.own:
		if chunk == nil {
			chunk = make([]byte, chunkSize)
		}
		return fetched{chunk: chunk, mine: true}
	default:
	}
	select {
	case chunk := <-p.own:
		return fetched{chunk: chunk, mine: true}
	case <-p.shared.may:
		return fetched{chunk: p.shared.take()}
	case <-ctx.Done():
		return fetched{err: context.Cause(ctx)}
	}
}

// Read implements [io.Reader]. A panic of the body is one of Read.
func (p *prefetch) Read(b []byte) (int, error) {
	p.await()
	n := copy(b, p.got.chunk[p.used:p.got.n])
	p.used += n
	switch {
	case n > 0:
		return n, nil
	case p.got.died != nil:
		panic(p.got.died)
	case len(b) == 0 && p.used < p.got.n:
		return 0, nil
	}
	return 0, p.got.err
}

// ready says that Read would not wait.
func (p *prefetch) ready() bool { return p.has() || len(p.queue) > 0 }

func (p *prefetch) has() bool { return p.used < p.got.n || p.got.err != nil || p.got.died != nil }

// await returns when Read does not wait.
func (p *prefetch) await() {
	for !p.has() {
		p.release()
		p.got = <-p.queue
	}
}

// release gives the chunk back that was given out last.
func (p *prefetch) release() {
	switch f := p.got; {
	case f.chunk == nil:
	case f.mine:
		p.own <- f.chunk
	default:
		p.shared.put(f.chunk)
	}
	p.got, p.used = fetched{}, 0
}
