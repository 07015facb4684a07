package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"flowd/pkg/parser"
)

// fakeCounter counts objects once, as a ledger does: what is committed is known, and everything else is not.
type fakeCounter struct {
	commitTime time.Duration
	lookUp     func(n int) error                      // The nth look-up fails.
	commit     func(n int) (r *CommitResult, ok bool) // The nth commit is answered so; nil never answers.
	full       bool                                   // No commit gets into the queue.
	closes     bool                                   // It closes the channel where commit never answers.
	add        func(*parser.Record)                   // Called for every record.

	mu       sync.Mutex
	counted  map[string]*fakeBatch
	lookUps  int
	commits  int
	batches  int
	finished int // Batches that were committed or discarded.
	faults   []string
}

func newFakeCounter() *fakeCounter {
	return &fakeCounter{
		counted: map[string]*fakeBatch{}, lookUp: func(int) error { return nil },
		commit: func(int) (*CommitResult, bool) { return nil, false }, add: func(*parser.Record) {},
	}
}

func identity(o Object) string { return fmt.Sprintf("%s|%s|%s", o.Bucket, o.Key, o.ETag) }

func (c *fakeCounter) NewBatch(objectTime time.Time) Batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.batches++
	return &fakeBatch{counter: c, objectTime: objectTime}
}

func (c *fakeCounter) Counted(o Object) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lookUps++
	if err := c.lookUp(c.lookUps); err != nil {
		return false, err
	}
	_, ok := c.counted[identity(o)]
	return ok, nil
}

// Commit answers after commitTime, as if it had been synced for that long.
func (c *fakeCounter) Commit(ctx context.Context, o Object, b Batch) <-chan CommitResult {
	result := make(chan CommitResult, 1)
	if c.full {
		<-ctx.Done()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commits++
	if c.full {
		b.(*fakeBatch).finish()
		result <- CommitResult{Err: ctx.Err()}
		return result
	}
	if o.ETag == "" {
		c.faults = append(c.faults, "commit of an object without an ETag: "+o.Key)
	}
	b.(*fakeBatch).finish()
	if r, ok := c.commit(c.commits); ok {
		switch {
		case r != nil:
			result <- *r
		case c.closes:
			close(result)
		}
		return result
	}
	time.AfterFunc(c.commitTime, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, duplicate := c.counted[identity(o)]
		if !duplicate {
			c.counted[identity(o)] = b.(*fakeBatch)
		}
		result <- CommitResult{Duplicate: duplicate}
	})
	return result
}

// records is what the totals would show.
func (c *fakeCounter) records() (records, malformed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.counted {
		records += b.records
		malformed += b.malformed
	}
	return records, malformed
}

type fakeBatch struct {
	counter          *fakeCounter
	objectTime       time.Time
	records          int
	malformed        int
	compressed, text uint64
	done             bool
}

func (b *fakeBatch) Add(r *parser.Record) {
	b.counter.add(r)
	b.records++
}

func (b *fakeBatch) AddMalformed(parser.Reason) { b.malformed++ }

func (b *fakeBatch) AddObjectBytes(compressed, text uint64) { b.compressed, b.text = compressed, text }

func (b *fakeBatch) Discard() {
	b.counter.mu.Lock()
	defer b.counter.mu.Unlock()
	b.finish()
}

// finish is for the end of a batch, of which it has exactly one. The caller holds the lock.
func (b *fakeBatch) finish() {
	if b.done {
		b.counter.faults = append(b.counter.faults, "a batch was committed or discarded twice")
	}
	b.done = true
	b.counter.finished++
}

var errDisk = errors.New("no space left on device")
