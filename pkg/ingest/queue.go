package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.uber.org/zap"
)

const (
	// queueInterval is the time between two looks at the number of messages. SQS itself is a minute behind.
	queueInterval = 30 * time.Second
	// callTimeout ends every call on the queue that is not a receive.
	callTimeout = 10 * time.Second
)

// checkQueue looks at the queue before anything is received from it. It returns the URL of the dead-letter queue, empty when there is none or
// its name cannot be looked up.
func (c *Consumer) checkQueue(ctx context.Context) (deadLetterURL string, err error) {
	attributes, err := c.attributes(ctx, c.cfg.QueueURL, types.QueueAttributeNameRedrivePolicy, types.QueueAttributeNameMaximumMessageSize)
	if ctx.Err() != nil {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the attributes of queue %s: %w", c.cfg.QueueURL, err)
	}
	c.checkMessageSize(attributes[string(types.QueueAttributeNameMaximumMessageSize)])
	policy := attributes[string(types.QueueAttributeNameRedrivePolicy)]
	if policy == "" {
		if !c.cfg.AllowNoDLQ {
			return "", ErrNoDLQ
		}
		c.deps.Logger.Warn("the queue has no redrive policy: messages that cannot be read return until their retention ends")
		return "", nil
	}
	return c.deadLetterURL(ctx, policy), nil
}

// checkMessageSize warns of a queue that is too small for some notifications: S3 drops those, and nobody else would ever know.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
func (c *Consumer) checkMessageSize(size string) {
	const most = 64 << 10 // Bytes of a notification.
	if n, err := strconv.Atoi(size); err == nil && n < most {
		c.deps.Logger.Warn("the queue does not take every notification of S3, which drops those that are too long: raise its MaximumMessageSize",
			zap.Int("bytes", n), zap.Int("needed", most))
	}
}

// deadLetterURL finds the URL behind the ARN. It only serves a gauge, so a missing permission is no error.
func (c *Consumer) deadLetterURL(ctx context.Context, policy string) string {
	var redrive struct {
		Target string `json:"deadLetterTargetArn"`
	}
	if err := json.Unmarshal([]byte(policy), &redrive); err != nil {
		c.deps.Logger.Warn("the redrive policy of the queue does not parse", zap.Error(err))
		return ""
	}
	parts := strings.Split(redrive.Target, ":") // arn:aws:sqs:region:account:name
	if len(parts) != 6 {
		c.deps.Logger.Warn("the redrive policy of the queue names no queue", zap.String("target", clip(redrive.Target)))
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := c.deps.SQS.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueOwnerAWSAccountId: &parts[4], QueueName: &parts[5]})
	if err != nil {
		c.deps.Logger.Warn("the dead-letter queue cannot be looked up; its messages are not shown", zap.String("queue", redrive.Target), zap.Error(err))
		return ""
	}
	return aws.ToString(out.QueueUrl)
}

// watchQueue keeps flowd_sqs_queue_messages up to date until ctx ends.
func (c *Consumer) watchQueue(ctx context.Context, deadLetterURL string) {
	if deadLetterURL == "" { // A 0 that nobody looked up would say that nothing was lost.
		c.metrics.queue.DeleteLabelValues(stateDeadLetter)
	}
	for ctx.Err() == nil {
		c.readQueue(ctx, c.cfg.QueueURL, map[types.QueueAttributeName]string{
			types.QueueAttributeNameApproximateNumberOfMessages:           stateVisible,
			types.QueueAttributeNameApproximateNumberOfMessagesNotVisible: stateInFlight,
			types.QueueAttributeNameApproximateNumberOfMessagesDelayed:    stateDelayed,
		})
		if deadLetterURL != "" {
			c.readQueue(ctx, deadLetterURL, map[types.QueueAttributeName]string{types.QueueAttributeNameApproximateNumberOfMessages: stateDeadLetter})
		}
		sleep(ctx, queueInterval)
	}
}

func (c *Consumer) readQueue(ctx context.Context, url string, states map[types.QueueAttributeName]string) {
	var names []types.QueueAttributeName
	for name := range states {
		names = append(names, name)
	}
	asked := time.Now()
	got, err := c.attributes(ctx, url, names...)
	if err != nil {
		if ctx.Err() == nil {
			c.deps.Logger.Warn("counting the messages of a queue failed", zap.String("queue_url", url), zap.Error(err))
		}
		return
	}
	messages := map[string]float64{}
	for name, state := range states {
		if n, err := strconv.ParseFloat(got[string(name)], 64); err == nil {
			c.metrics.queue.WithLabelValues(state).Set(n)
			messages[state] = n
		}
	}
	c.noteCounts(asked, messages)
}

func (c *Consumer) attributes(ctx context.Context, url string, names ...types.QueueAttributeName) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := c.deps.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: names})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}
