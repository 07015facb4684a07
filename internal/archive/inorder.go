package archive

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// Turn is one file, and its place in the order.
type Turn struct {
	File File
	Err  error // Why the file cannot be listed; then only its name is known.

	before, done chan struct{}
}

// Wait returns when every file before this one is done with. What the caller does from then on until its visit returns, it does alone. An error
// says that the work ended before: return it.
func (t *Turn) Wait(ctx context.Context) error {
	select {
	case <-t.before:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Visit works on one file. It may read ahead of its turn, and calls Wait before it touches what all share. An error ends the work on every file.
type Visit func(ctx context.Context, t *Turn) error

// InOrder visits files with several workers. newVisit is called once in each of them, so that a visit can have memory of its own. It returns when
// every worker ended: with the first error of a visit, or the cause of ctx.
func InOrder(ctx context.Context, workers int, files iter.Seq2[File, error], newVisit func() Visit) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan *Turn)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			visit := newVisit()
			for t := range queue {
				if err := take(ctx, t, visit); err != nil {
					cancel(err)
				}
			}
		})
	}
	feed(ctx, spareCores(workers, files), queue)
	close(queue)
	group.Wait()
	return context.Cause(ctx)
}

// spareCores tells the files whether fewer of them than there are cores are read at a time, because there are no more of them or of workers. It holds the
// first ones back until it knows.
func spareCores(workers int, files iter.Seq2[File, error]) iter.Seq2[File, error] {
	cores := runtime.GOMAXPROCS(0)
	return func(yield func(File, error) bool) {
		var held []Turn
		few, more := true, true
		release := func() {
			for _, t := range held {
				t.File.spare = few || workers < cores
				more = more && yield(t.File, t.Err)
			}
			held = nil
		}
		for file, err := range files {
			held = append(held, Turn{File: file, Err: err})
			if few = few && len(held) < cores; !few {
				release()
			}
			if !more {
				return
			}
		}
		release()
	}
}

// feed hands files out in order, each linked to the one before.
func feed(ctx context.Context, files iter.Seq2[File, error], queue chan<- *Turn) {
	before := make(chan struct{})
	close(before)
	for file, err := range files {
		t := &Turn{File: file, Err: err, before: before, done: make(chan struct{})}
		select {
		case queue <- t:
		case <-ctx.Done():
			return
		}
		before = t.done
	}
}

// take passes the turn on only when all went well: nobody may come after a file that ended the work.
func take(ctx context.Context, t *Turn, visit Visit) error {
	if err := visit(ctx, t); err != nil {
		return err
	}
	if err := t.Wait(ctx); err != nil {
		return err
	}
	close(t.done)
	return nil
}
