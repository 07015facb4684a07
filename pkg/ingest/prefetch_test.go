package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"flowd/pkg/parser"
)

// TestBodiesComeWhileOthersAreParsed has one core, and an object that holds it for longer than the network needs for the next one. When the core is free, the
// whole of that is there.
func TestBodiesComeWhileOthersAreParsed(t *testing.T) {
	inBubble(t, func(r *rig) {
		const fromNetwork, parsing = 50 * time.Second, 100 * time.Second
		r.cfg.Workers, r.cfg.VisibilityTimeout = 2, time.Hour
		added := 0
		r.counter.add = func(*parser.Record) {
			if added++; added == 1 {
				time.Sleep(parsing)
			}
		}
		r.build()
		r.consumer.parsing = newCores(1)
		r.start()
		r.sendObject("a", []byte(text(1)))
		time.Sleep(time.Second)
		r.sendSlowly("b", []byte(text(100)), fromNetwork)
		began := time.Now()
		for r.queue.left() > 0 {
			time.Sleep(time.Second)
		}
		if took, most := time.Since(began), parsing+5*time.Second; took > most {
			t.Errorf("it took %s, want %s at most: the core waited for the network", took, most)
		}
		r.stop()
		r.wantRecords(101)
	})
}

// endless counts what is read of it.
type endless struct{ n int }

func (e *endless) Read(b []byte) (int, error) {
	e.n += len(b)
	return len(b), nil
}

// TestPrefetchIsBounded has many bodies that nobody parses: together they take the budget and one chunk each. One of them can be read on nevertheless.
func TestPrefetchIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 16
		shared := newChunks()
		ctx, cancel := context.WithCancel(t.Context())
		var all []*prefetch
		var bodies []*endless
		for range workers {
			p, body := newPrefetch(shared), new(endless)
			p.start(ctx, body)
			all, bodies = append(all, p), append(bodies, body)
		}
		synctest.Wait()
		sum := 0
		for _, b := range bodies {
			sum += b.n
		}
		if want := readBudget + workers*chunkSize; sum != want {
			t.Errorf("%d bodies were read ahead by %d bytes, want %d", workers, sum, want)
		}
		for _, p := range all[:2] {
			if n, err := io.CopyN(io.Discard, p, 3*readBudget); err != nil {
				t.Errorf("got %d bytes, %v", n, err)
			}
		}
		cancel()
		for _, p := range all {
			p.stop()
		}
		if len(shared.may) != cap(shared.may) || len(shared.made) != cap(shared.may) {
			t.Errorf("%d chunks of %d were given back, %d were made", len(shared.may), cap(shared.may), len(shared.made))
		}
	})
}

// TestPrefetchWithoutBudget has other bodies hold all of it: each goes on with a chunk of its own.
func TestPrefetchWithoutBudget(t *testing.T) {
	p := newPrefetch(&chunks{may: make(chan struct{})})
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		p.start(ctx, new(endless))
		if n, err := io.CopyN(io.Discard, p, 10*chunkSize+1); err != nil {
			t.Errorf("got %d bytes, %v", n, err)
		}
		cancel()
		p.stop()
	}
}

// TestPrefetchIsTheBody for every way in which a body can be cut into reads, and end.
func TestPrefetchIsTheBody(t *testing.T) {
	p, broken := newPrefetch(newChunks()), errors.New("the wire broke")
	for _, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 3*chunkSize + 7} {
		want := []byte(strings.Repeat("0123456789", size/10+1))[:size]
		for what, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "half": iotest.HalfReader, "one byte": iotest.OneByteReader, "with the end": iotest.DataErrReader,
		} {
			for _, end := range []error{nil, broken} {
				ctx, cancel := context.WithCancel(t.Context())
				body := wrap(bytes.NewReader(want))
				if end != nil {
					body = io.MultiReader(body, iotest.ErrReader(end))
				}
				p.start(ctx, body)
				got, err := io.ReadAll(p)
				if !p.ready() {
					t.Errorf("%s of %d bytes: Read would wait at the end", what, size)
				}
				_, again := p.Read(make([]byte, 1))
				if !bytes.Equal(got, want) || !errors.Is(err, end) || again == nil {
					t.Errorf("%s of %d bytes: got %d, %v, then %v; want %v", what, size, len(got), err, again, end)
				}
				cancel()
				p.stop()
			}
		}
	}
}

// TestPrefetchKnowsWhetherItWaits for the network.
func TestPrefetchKnowsWhetherItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body, network := io.Pipe()
		p, b := newPrefetch(newChunks()), make([]byte, 2)
		p.start(t.Context(), body)
		want := func(ready bool) {
			t.Helper()
			if synctest.Wait(); p.ready() != ready {
				t.Errorf("ready: got %t, want %t", p.ready(), ready)
			}
		}
		want(false)
		for range 2 {
			if _, err := network.Write([]byte("1234")); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				want(true)
				if n, err := p.Read(b); n != 2 || err != nil {
					t.Errorf("read %d bytes, %v", n, err)
				}
			}
			want(false)
		}
		network.CloseWithError(io.ErrUnexpectedEOF)
		want(true)
		p.stop()
	})
}

type dying struct{}

func (dying) Read([]byte) (int, error) { panic("a bug") }

type mute struct{}

func (mute) Read([]byte) (int, error) { return 0, nil }

func TestPrefetchOfBrokenBodies(t *testing.T) {
	p := newPrefetch(newChunks())
	p.start(t.Context(), mute{})
	if _, err := io.ReadAll(p); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a body that gives nothing: got %v", err)
	}
	p.stop()
	p.start(t.Context(), dying{})
	defer p.stop()
	defer func() {
		if died := fmt.Sprint(recover()); !strings.Contains(died, "a bug") || !strings.Contains(died, "ingest.dying.Read") {
			t.Errorf("got %q, want the panic of the body and where it was", died)
		}
	}()
	_, _ = p.Read(make([]byte, 1))
}
