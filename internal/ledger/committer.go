package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxGroup bounds a transaction, and as many batches may wait for the next one. A batch takes up to a megabyte, and a disk that syncs a hundred
// times a second still commits thousands of objects.
const maxGroup = 32

// ErrClosed answers commits that come after the committer has stopped. The object is not counted; its message comes back.
var ErrClosed = errors.New("the committer has stopped")

// Outcome is what became of one commit.
type Outcome struct {
	// Duplicate says that the object was counted before; its batch was not added.
	Duplicate bool
	// Err says that the object was not counted, or with [ErrUncertain] that only the next process will know.
	Err error
}

// StageFunc adds the batches to the totals and writes what changed to tx. It returns what makes the result visible. A panic in it costs the group
// and nothing else.
type StageFunc[B any] func(fresh []B, tx *Tx) (publish func(), err error)

// CommitterOptions are optional.
type CommitterOptions struct {
	// OnCommit hears of every transaction, those without objects included: how long it took, and what went wrong.
	OnCommit func(d time.Duration, err error)
}

// Committer makes batches durable, one transaction at a time. It has no timer: a transaction takes whatever queued while the last one was
// being synced.
type Committer[B any] struct {
	ledger  *Ledger
	stage   StageFunc[B]
	options CommitterOptions
	queue   chan item[B]
	wake    chan struct{}
	done    chan struct{} // Closed when nothing more is committed.
}

type item[B any] struct {
	object  Object
	batch   B
	outcome chan Outcome
}

func (it item[B]) refuse(err error) <-chan Outcome {
	it.outcome <- Outcome{Err: err}
	return it.outcome
}

// NewCommitter does no I/O.
func NewCommitter[B any](l *Ledger, stage StageFunc[B], options CommitterOptions) *Committer[B] {
	if options.OnCommit == nil {
		options.OnCommit = func(time.Duration, error) {}
	}
	return &Committer[B]{
		ledger: l, stage: inOrder(stage), options: options,
		queue: make(chan item[B], maxGroup), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// Commit queues a batch, and waits only while the queue is full and ctx lasts: a disk that hangs must not hold whoever wants to stop. The channel
// yields exactly one outcome, after the batch was published. The batch belongs to the committer until then; a batch that was not counted is the
// caller's again.
func (c *Committer[B]) Commit(ctx context.Context, o Object, batch B) <-chan Outcome {
	it := item[B]{o, batch, make(chan Outcome, 1)}
	select {
	case c.queue <- it:
	case <-c.done:
		return it.refuse(ErrClosed)
	case <-ctx.Done():
		return it.refuse(fmt.Errorf("waiting for the committer: %w", ctx.Err()))
	}
	select {
	case <-c.done: // Whether Run saw the item before it went, nobody knows; somebody has to answer it.
		c.refuse()
	default: // Run has not gone yet, so it will see the item.
	}
	return it.outcome
}

// Wake asks for a transaction without objects, for the housekeeping of the totals. It does not block, and many wakes may become one.
func (c *Committer[B]) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run commits until ctx ends, then commits what is queued and returns. Callers that may still commit should have stopped by then: later commits
// are answered with [ErrClosed]. An error says that the ledger is no longer known to agree with what is published: the process must end, and
// the next one will read what the disk has. It may be called once.
func (c *Committer[B]) Run(ctx context.Context) error {
	defer c.refuse()
	defer close(c.done)
	for {
		var err error
		select {
		case it := <-c.queue:
			err = c.commit(c.group(it))
		case <-c.wake:
			err = c.commit(c.group())
		case <-ctx.Done():
			return c.finish()
		}
		if err != nil {
			return err
		}
	}
}

// group adds what is queued now.
func (c *Committer[B]) group(items ...item[B]) []item[B] {
	for len(items) < maxGroup {
		select {
		case it := <-c.queue:
			items = append(items, it)
		default:
			return items
		}
	}
	return items
}

func (c *Committer[B]) finish() error {
	for items := c.group(); len(items) > 0; items = c.group() {
		if err := c.commit(items); err != nil {
			return err
		}
	}
	return nil
}

// refuse answers what is queued after the end.
func (c *Committer[B]) refuse() {
	for items := c.group(); len(items) > 0; items = c.group() {
		for _, it := range items {
			it.refuse(ErrClosed)
		}
	}
}

// commit is one transaction: write and sync, then publish, then answer. It returns an error only when there must not be another one.
func (c *Committer[B]) commit(items []item[B]) error {
	objects := make([]Object, len(items))
	for i, it := range items {
		objects[i] = it.object
	}
	begin := time.Now()
	var publish func()
	outcomes, err := c.ledger.Commit(objects, begin, func(tx *Tx, fresh []int) (err error) {
		batches := make([]B, len(fresh))
		for i, at := range fresh {
			batches[i] = items[at].batch
		}
		publish, err = c.stage(batches, tx)
		return err
	})
	if err == nil {
		err = publishing(publish)
	}
	c.options.OnCommit(time.Since(begin), err)
	for i, it := range items {
		if err != nil {
			it.refuse(err)
			continue
		}
		it.outcome <- outcomes[i]
	}
	if errors.Is(err, ErrUncertain) || errors.Is(err, ErrDamaged) {
		return err
	}
	return nil
}
