package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"go.uber.org/zap"
)

// keeper extends the visibility timeout of one message at a third of it, from the receive until stop.
type keeper struct {
	cancel context.CancelFunc
	done   chan struct{}
}

func (c *Consumer) keep(d *delivery) *keeper {
	// It outlives every drain: the message must stay invisible until the deleter is done with it.
	ctx, cancel := context.WithCancel(context.Background())
	k := &keeper{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(k.done)
		c.extend(ctx, d.id, d.receipt)
	}()
	return k
}

// stop ends the extensions and waits for one that is under way, so that it cannot undo what is done with the message next.
func (k *keeper) stop() {
	k.cancel()
	<-k.done
}

func (c *Consumer) extend(ctx context.Context, id, receipt string) {
	interval := c.cfg.VisibilityTimeout / 3
	for pause := interval; ; {
		sleep(ctx, pause)
		if ctx.Err() != nil {
			return
		}
		err := c.changeVisibility(ctx, receipt, c.cfg.VisibilityTimeout, min(interval/2, callTimeout))
		switch {
		case err == nil:
			c.metrics.extensions.WithLabelValues(extensionOK).Inc()
			pause = interval
		case ctx.Err() != nil:
			return
		case isLost(err):
			c.metrics.extensions.WithLabelValues(extensionLost).Inc()
			c.deps.Logger.Warn("a message was delivered again while it was in work; its objects will be duplicates there", zap.String("message_id", id), zap.Error(err))
			return
		default: // One failure must not cost the message: there is time for several more.
			c.metrics.extensions.WithLabelValues(extensionError).Inc()
			c.deps.Logger.Warn("extending a visibility timeout failed; trying again", zap.String("message_id", id), zap.Error(err))
			pause = max(interval/6, time.Second)
		}
	}
}

func (c *Consumer) changeVisibility(ctx context.Context, receipt string, timeout, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := c.deps.SQS.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &c.cfg.QueueURL, ReceiptHandle: &receipt, VisibilityTimeout: seconds(timeout),
	})
	return err
}

// isLost says that the receipt handle is no good any more. SQS has a typed name for it and an older one.
func isLost(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch api.ErrorCode() {
	case "ReceiptHandleIsInvalid", "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue":
		return true
	}
	return false
}
