package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flowd/internal/archive"
	"flowd/internal/ledger"
	"flowd/pkg/ingest"
	"flowd/pkg/metrics"
)

// counter joins what reads objects, what counts them, and what makes counting durable. It is the only place that knows all three.
type counter struct {
	totals    *metrics.Totals
	ledger    *ledger.Ledger
	committer *ledger.Committer[*metrics.Batch]
	keys      *archive.KeyParser
}

// NewBatch implements [ingest.Counter].
func (c *counter) NewBatch(objectTime time.Time) ingest.Batch { return c.totals.NewBatch(objectTime) }

// Counted implements [ingest.Counter].
func (c *counter) Counted(o ingest.Object) (bool, error) {
	counted, err := c.ledger.Counted(objectOf(o))
	return counted, tooOld(err)
}

// Commit implements [ingest.Counter]. A batch that was not added to the totals goes back to where batches come from.
func (c *counter) Commit(ctx context.Context, o ingest.Object, b ingest.Batch) <-chan ingest.CommitResult {
	batch := b.(*metrics.Batch)
	batch.From(c.arrivalOf(o))
	outcome := c.committer.Commit(ctx, objectOf(o), batch)
	result := make(chan ingest.CommitResult, 1)
	go func() {
		got := <-outcome
		if got.Duplicate || got.Err != nil {
			batch.Discard()
		}
		result <- ingest.CommitResult{Duplicate: got.Duplicate, Err: tooOld(got.Err)}
	}()
	return result
}

// Announced implements [ingest.Progress].
func (c *counter) Announced(o ingest.Object) { c.totals.Announced(c.arrivalOf(o), time.Now()) }

// Settled implements [ingest.Progress].
func (c *counter) Settled(o ingest.Object) { c.totals.Settled(c.arrivalOf(o).ID) }

// QueueEmpty implements [ingest.Progress].
func (c *counter) QueueEmpty(at time.Time, nothingInFlight bool) {
	c.totals.QueueEmpty(at, nothingInFlight)
}

// arrivalOf reads the key of an object. Who does not name objects as AWS does has one flow log, delivered when the objects are written.
func (c *counter) arrivalOf(o ingest.Object) metrics.Arrival {
	a := metrics.Arrival{ID: o.Bucket + "\x00" + o.Key + "\x00" + o.ETag, Stamp: o.EventTime}
	if key, ok := c.keys.Parse(o.Key); ok {
		a.FlowLogID, a.Stamp = key.FlowLogID, key.Time
	}
	return a
}

// objectOf trusts the answer of S3 before the notification, which anybody may have sent who may send to the queue.
func objectOf(o ingest.Object) ledger.Object {
	written := o.Written
	if written.IsZero() {
		written = o.EventTime
	}
	return ledger.Object{Identity: ledger.Identity{Bucket: o.Bucket, Key: o.Key, ETag: o.ETag}, Written: written}
}

// tooOld says in the words of the ingest that the ledger does not remember that far.
func tooOld(err error) error {
	if errors.Is(err, ledger.ErrForgotten) {
		return fmt.Errorf("%w: %w", ingest.ErrTooOld, err)
	}
	return err
}
