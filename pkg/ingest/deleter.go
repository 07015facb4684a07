package ingest

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.uber.org/zap"
)

const (
	deleteBatch = 10 // The most that SQS takes.
	deletePause = time.Second
	deleteTries = 3
)

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

// deleteBatch tries several times, each time only what was not deleted yet; once after the drain timeout. What stays is delivered again, and
// found to be counted.
func (c *Consumer) deleteBatch(work context.Context, batch []*delivery) {
	for try := 1; len(batch) > 0; try++ {
		left, err := c.tryDelete(work, batch)
		if try == deleteTries || work.Err() != nil {
			c.deleteFailed(err, left...)
			return
		}
		if batch = left; len(batch) > 0 {
			sleep(work, c.jitter(minPause))
		}
	}
}

// tryDelete returns what is worth another try. It ends with the call's own timeout and not with the drain: what is counted should go.
func (c *Consumer) tryDelete(work context.Context, batch []*delivery) (left []*delivery, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(work), callTimeout)
	defer cancel()
	entries := make([]types.DeleteMessageBatchRequestEntry, len(batch))
	for i, d := range batch {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &d.receipt}
	}
	out, err := c.deps.SQS.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &c.cfg.QueueURL, Entries: entries})
	if err != nil {
		return batch, err
	}
	refused := map[string]types.BatchResultErrorEntry{}
	for _, f := range out.Failed {
		refused[aws.ToString(f.Id)] = f
	}
	for i, d := range batch {
		switch f, ok := refused[strconv.Itoa(i)]; {
		case !ok:
			d.keeper.stop()
			c.metrics.deleted.Inc()
		case f.SenderFault: // The receipt handle is no good any more, and will not get better.
			c.deleteFailed(entryError(f), d)
		default:
			left, err = append(left, d), entryError(f)
		}
	}
	return left, err
}

func entryError(f types.BatchResultErrorEntry) error {
	return fmt.Errorf("%s: %s", aws.ToString(f.Code), aws.ToString(f.Message))
}

func (c *Consumer) deleteFailed(err error, batch ...*delivery) {
	for _, d := range batch {
		d.keeper.stop()
		c.metrics.failed.WithLabelValues(reasonDelete).Inc()
		c.deps.Logger.Warn("deleting a message failed; it comes back as a duplicate", zap.String("message_id", d.id), zap.Error(err))
	}
}
