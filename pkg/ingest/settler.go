package ingest

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"
)

// How long a message that failed stays hidden: twice as long every time, so that its receive counts last through an outage.
const (
	releaseBase = 30 * time.Second
	releaseMost = 15 * time.Minute
)

// settle waits for the fates of each message's objects. Commits finish in the order in which they were handed over, so it waits for the
// oldest first. Messages are given back beside it: a queue that is slow to answer must not keep others from being deleted.
func (c *Consumer) settle(work context.Context) {
	var leaving sync.WaitGroup
	defer leaving.Wait()
	slots := make(limit, c.cfg.Workers)
	for d := range c.settling {
		c.settleCommits(work, d)
		if d.reason == "" {
			c.settled(d)
			c.deleting <- d
			continue
		}
		slots.acquire()
		leaving.Go(func() {
			defer slots.release()
			c.leave(d)
		})
	}
}

// settleCommits waits for all commits of a message. It reports whether one of them was answered without an error.
func (c *Consumer) settleCommits(work context.Context, d *delivery) (answered bool) {
	for _, p := range d.commits {
		answered = c.settleObject(work, d, p) || answered
	}
	d.commits = nil
	return answered
}

// settleObject reports whether the commit was answered without an error.
func (c *Consumer) settleObject(work context.Context, d *delivery, p pending) bool {
	switch result, err := await(work, p.result); {
	case err != nil:
		c.objectFailed(d, p.object, err)
		return false
	case result.Duplicate:
		c.metrics.objects.WithLabelValues(resultDuplicate).Inc()
	default:
		c.metrics.objects.WithLabelValues(resultCounted).Inc()
	}
	return true
}

// await returns what became of a commit. A commit that has not answered when the drain timeout ends is given up: should it still succeed, the
// object is a duplicate when its message returns.
func await(work context.Context, result <-chan CommitResult) (CommitResult, error) {
	select {
	case r, ok := <-result:
		return answer(r, ok)
	case <-work.Done():
	}
	select { // Both may have been ready.
	case r, ok := <-result:
		return answer(r, ok)
	default:
		return CommitResult{}, failed(reasonDrained, "waiting for the commit: %w", context.Cause(work))
	}
}

// answer never takes a channel that was closed in silence for a commit: the message would be deleted.
func answer(r CommitResult, ok bool) (CommitResult, error) {
	if !ok {
		r.Err = errors.New("the committer gave no result")
	}
	if errors.Is(r.Err, context.Canceled) { // It did not get into the committer's queue before the drain timeout ended.
		return r, &reasonError{reasonDrained, r.Err}
	}
	if errors.Is(r.Err, ErrTooOld) {
		return r, &reasonError{reasonTooOld, r.Err}
	}
	if r.Err != nil {
		return r, &reasonError{reasonCommit, r.Err}
	}
	return r, nil
}

// leave gives a message back to the queue: later and later, but at once when only the drain timeout ended it, and soon when an outage did.
func (c *Consumer) leave(d *delivery) {
	d.keeper.stop()
	c.metrics.failed.WithLabelValues(d.reason).Inc()
	pause := c.jitter(min(releaseBase<<min(max(d.receiveCount-1, 0), 10), releaseMost))
	switch d.reason {
	case reasonObject: // It was logged with its object.
		if reasonOf(d.err, "") == reasonCommit { // No object is to blame, and whoever probes needs one.
			pause = c.jitter(releaseBase)
		}
	case reasonDrained:
		pause = 0
	case reasonHeld: // The other workers may be in a long poll that began before the outage: they must not take it one after the other.
		pause = longPoll
	default:
		c.deps.Logger.Error("a message was left on the queue", zap.String("message_id", d.id), zap.Int("receive_count", d.receiveCount),
			zap.String("reason", d.reason), zap.Error(d.err))
	}
	// On failure the visibility timeout that is running does the same, only not as well.
	if err := c.changeVisibility(context.Background(), d.receipt, pause, callTimeout); err != nil {
		c.deps.Logger.Debug("releasing a message failed; it returns when its visibility timeout ends", zap.String("message_id", d.id), zap.Error(err))
	}
}
