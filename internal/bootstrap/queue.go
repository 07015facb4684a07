package bootstrap

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// What queues are made with. The dead-letter queue must outlast the queue: a message keeps the time at which it was first sent.
const (
	retention           = "345600"  // 4 days, in seconds.
	deadLetterRetention = "1209600" // 14 days, in seconds.
	visibility          = "60"      // Seconds.
	longPoll            = "20"      // Seconds.
	maxReceiveCount     = 8
	minMessageSize      = 64 << 10 // An S3 event may have that many bytes; S3 drops what does not fit.
)

func (c Config) queueARN(name string) string {
	return fmt.Sprintf("arn:%s:sqs:%s:%s:%s", c.partition(), c.Region, c.AccountID, name)
}

// inspectQueues wants the dead-letter queue first: the redrive policy names it.
func (s *Setup) inspectQueues(ctx context.Context) ([]Step, error) {
	dead, err := s.inspectDeadLetterQueue(ctx)
	if err != nil {
		return nil, err
	}
	steps, err := s.inspectQueue(ctx)
	return append(dead, steps...), err
}

func (s *Setup) inspectDeadLetterQueue(ctx context.Context) ([]Step, error) {
	name := s.cfg.deadLetterQueue()
	url, err := s.queueURL(ctx, name)
	if err != nil || url != "" {
		return nil, err
	}
	return []Step{{"queue " + name, "create it as dead-letter queue, kept 14 days", func(ctx context.Context) error {
		return s.createQueue(ctx, name, map[string]string{"MessageRetentionPeriod": deadLetterRetention, "SqsManagedSseEnabled": "true"})
	}}}, nil
}

func (s *Setup) inspectQueue(ctx context.Context) ([]Step, error) {
	name := s.cfg.Queue
	url, err := s.queueURL(ctx, name)
	if err != nil {
		return nil, err
	}
	have := map[string]string{}
	if url != "" {
		out, err := s.aws.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
		if err != nil {
			return nil, fmt.Errorf("reading the attributes of queue %s: %w", name, err)
		}
		have = out.Attributes
	}
	policy, changed, err := s.queuePolicy(have["Policy"])
	if err != nil {
		return nil, fmt.Errorf("reading the policy of queue %s: %w", name, err)
	}
	if url == "" {
		return []Step{{"queue " + name, "create it: kept 4 days, hidden 60 s, dead-letter queue after 8 receives, S3 of this bucket may send", func(ctx context.Context) error {
			return s.createQueue(ctx, name, s.queueAttributes(policy))
		}}}, nil
	}
	return s.mendQueue(url, have, policy, changed), nil
}

// mendQueue changes only what would lose messages: a queue that exists may have its own times.
func (s *Setup) mendQueue(url string, have map[string]string, policy string, changed bool) []Step {
	var steps []Step
	set := func(action, attribute, value string) {
		steps = append(steps, Step{"queue " + s.cfg.Queue, action, func(ctx context.Context) error {
			_, err := s.aws.SQS.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{attribute: value}})
			return err
		}})
	}
	if changed {
		set("let S3 of this bucket send; statements of others stay", "Policy", policy)
	}
	if have["RedrivePolicy"] == "" {
		set("move messages to the dead-letter queue after 8 receives", "RedrivePolicy", s.redrivePolicy())
	}
	if n, err := strconv.Atoi(have["MaximumMessageSize"]); err == nil && n < minMessageSize {
		set("take messages of 64 KiB: S3 drops events that do not fit", "MaximumMessageSize", strconv.Itoa(minMessageSize))
	}
	return steps
}

func (s *Setup) redrivePolicy() string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, s.cfg.queueARN(s.cfg.deadLetterQueue()), maxReceiveCount)
}

func (s *Setup) queueAttributes(policy string) map[string]string {
	return map[string]string{
		"MessageRetentionPeriod": retention, "VisibilityTimeout": visibility, "ReceiveMessageWaitTimeSeconds": longPoll,
		"SqsManagedSseEnabled": "true", "RedrivePolicy": s.redrivePolicy(), "Policy": policy,
	}
}

// queuePolicy lets S3 send, for this bucket of this account only.
func (s *Setup) queuePolicy(have string) (text string, changed bool, err error) {
	d, err := parseDocument(have)
	if err != nil {
		return "", false, err
	}
	changed, err = d.merge(map[string]any{
		"Sid": "FlowdBucketNotifications", "Effect": "Allow", "Principal": map[string]any{"Service": "s3.amazonaws.com"},
		"Action": "sqs:SendMessage", "Resource": s.cfg.queueARN(s.cfg.Queue),
		"Condition": map[string]any{
			"ArnLike": map[string]any{"aws:SourceArn": s.cfg.bucketARN()}, "StringEquals": map[string]any{"aws:SourceAccount": s.cfg.AccountID},
		},
	})
	if err != nil {
		return "", false, err
	}
	text, err = d.text()
	return text, changed, err
}

// queueURL is empty when there is no such queue.
func (s *Setup) queueURL(ctx context.Context, name string) (string, error) {
	out, err := s.aws.SQS.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if absent(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("looking up queue %s: %w", name, err)
	}
	return aws.ToString(out.QueueUrl), nil
}

func (s *Setup) createQueue(ctx context.Context, name string, attributes map[string]string) error {
	_, err := s.aws.SQS.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	return err
}
