package main

import (
	"context"
	"time"

	"flowd/internal/ledger"
	"flowd/pkg/ingest"
	"flowd/pkg/metrics"
)

// counter joins what reads objects, what counts them, and what makes counting durable. It is the only place that knows all three.
type counter struct {
	totals    *metrics.Totals
	ledger    *ledger.Ledger
	committer *ledger.Committer[*metrics.Batch]
}

// NewBatch implements [ingest.Counter].
func (c *counter) NewBatch(objectTime time.Time) ingest.Batch { return c.totals.NewBatch(objectTime) }

// Counted implements [ingest.Counter].
func (c *counter) Counted(o ingest.Object) (bool, error) { return c.ledger.Counted(identityOf(o)) }

// Commit implements [ingest.Counter]. A batch that was not added to the totals goes back to where batches come from.
func (c *counter) Commit(_ context.Context, o ingest.Object, b ingest.Batch) <-chan ingest.CommitResult {
	batch := b.(*metrics.Batch)
	outcome := c.committer.Commit(identityOf(o), batch)
	result := make(chan ingest.CommitResult, 1)
	go func() {
		got := <-outcome
		if got.Duplicate || got.Err != nil {
			batch.Discard()
		}
		result <- ingest.CommitResult{Duplicate: got.Duplicate, Err: got.Err}
	}()
	return result
}

func identityOf(o ingest.Object) ledger.Identity {
	return ledger.Identity{Bucket: o.Bucket, Key: o.Key, ETag: o.ETag}
}
