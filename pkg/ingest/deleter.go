package ingest

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.uber.org/zap"
)

const (
	deleteBatch   = 10 // The most that SQS takes.
	deletePause   = time.Second
	deleteTries   = 3
	deleteTimeout = 10 * time.Second // Of every short call on the queue.
	releaseBase   = 30 * time.Second
	releaseMost   = 15 * time.Minute
)

// settle waits for the fates of each message's objects. Commits finish in the order in which they were handed over, so it waits for the
// oldest first.
func (c *Consumer) settle() {
	for d := range c.settling {
		for _, p := range d.commits {
			c.settleObject(d, p)
		}
		if d.reason == "" {
			c.deleting <- d
			continue
		}
		c.leave(d)
	}
}

func (c *Consumer) settleObject(d *delivery, p pending) {
	switch result := <-p.result; {
	case result.Err != nil:
		c.objectFailed(d, p.object, &reasonError{reasonCommit, result.Err})
	case result.Duplicate:
		c.metrics.objects.WithLabelValues(resultDuplicate).Inc()
	default:
		c.metrics.objects.WithLabelValues(resultCounted).Inc()
	}
}

// leave gives a message back to the queue: later and later, so that its receive counts last through an outage; at once when only the drain
// timeout ended it.
func (c *Consumer) leave(d *delivery) {
	d.keeper.stop()
	c.metrics.failed.WithLabelValues(d.reason).Inc()
	if d.reason != reasonObject {
		c.deps.Logger.Error("a message was left on the queue", zap.String("message_id", d.id), zap.Int("receive_count", d.receiveCount),
			zap.String("reason", d.reason), zap.Error(d.err))
	}
	pause := time.Duration(0)
	if !d.abandoned {
		pause = jitter(min(releaseBase<<min(max(d.receiveCount-1, 0), 10), releaseMost))
	}
	// On failure the visibility timeout that is running does the same, only not as well.
	if err := c.changeVisibility(context.Background(), d.receipt, pause, deleteTimeout); err != nil {
		c.deps.Logger.Debug("releasing a message failed; it returns when its visibility timeout ends", zap.String("message_id", d.id), zap.Error(err))
	}
}

// deleteAll deletes messages, ten at a time or after a second, until there will be no more.
func (c *Consumer) deleteAll(work context.Context) {
	var batch []*delivery
	timer := time.NewTimer(deletePause)
	defer timer.Stop()
	for {
		select {
		case d, more := <-c.deleting:
			if !more {
				c.deleteBatch(work, batch)
				return
			}
			if batch = append(batch, d); len(batch) == 1 {
				timer.Reset(deletePause)
			}
			if len(batch) < deleteBatch {
				continue
			}
		case <-timer.C:
		}
		c.deleteBatch(work, batch)
		batch = nil
	}
}

// deleteBatch tries several times, each time only what was not deleted yet. What stays is delivered again, and found to be counted.
func (c *Consumer) deleteBatch(work context.Context, batch []*delivery) {
	for try := 1; len(batch) > 0; try++ {
		left, err := c.tryDelete(work, batch)
		if len(left) == 0 {
			return
		}
		if batch = left; try == deleteTries {
			c.deleteFailed(batch, err)
			return
		}
		sleep(work, jitter(minPause))
	}
}

// tryDelete returns what is still there. It ends with the call's own timeout and not with the drain: what is counted should go.
func (c *Consumer) tryDelete(work context.Context, batch []*delivery) (left []*delivery, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(work), deleteTimeout)
	defer cancel()
	entries := make([]types.DeleteMessageBatchRequestEntry, len(batch))
	for i, d := range batch {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &d.receipt}
	}
	out, err := c.deps.SQS.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &c.cfg.QueueURL, Entries: entries})
	if err != nil {
		return batch, err
	}
	failed := map[string]bool{}
	for _, f := range out.Failed {
		failed[aws.ToString(f.Id)] = true
	}
	for i, d := range batch {
		if failed[strconv.Itoa(i)] {
			left = append(left, d)
			continue
		}
		d.keeper.stop()
		c.metrics.deleted.Inc()
	}
	return left, nil
}

func (c *Consumer) deleteFailed(batch []*delivery, err error) {
	for _, d := range batch {
		d.keeper.stop()
		c.metrics.failed.WithLabelValues(reasonDelete).Inc()
		c.deps.Logger.Warn("deleting a message failed; it comes back as a duplicate", zap.String("message_id", d.id), zap.Error(err))
	}
}
