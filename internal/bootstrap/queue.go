package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// What queues are made with. The dead-letter queue must outlast the queue: a message keeps the time at which it was first sent.
const (
	retention           = "345600"  // 4 days, in seconds.
	deadLetterRetention = "1209600" // 14 days, in seconds, and the most that SQS takes.
	visibility          = "60"      // Seconds.
	longPoll            = "20"      // Seconds.
	maxReceiveCount     = 8
	minMessageSize      = 64 << 10 // Bytes. An S3 event may have that many; S3 drops what does not fit.
)

// Limits of a queue policy.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
const (
	maxQueuePolicy     = 8192 // Bytes.
	maxQueueStatements = 20
)

// queueStatements is how many statements flowd has in the policy of a queue, for each bucket.
const queueStatements = 2

// managedQueueKey is the key of SQS that AWS manages. Its policy admits no service, so S3 cannot send to a queue that has it.
const managedQueueKey = "alias/aws/sqs"

// lookAtQueues wants the dead-letter queue first: the redrive policy names it.
func (p *planner) lookAtQueues(ctx context.Context) error {
	url, have, err := p.queue(ctx, p.cfg.Queue)
	if err != nil {
		return err
	}
	p.plan.found.queueURL = url
	if err := p.lookAtDeadLetterQueue(ctx, have); err != nil {
		return err
	}
	d, changed, err := p.queuePolicy(have["Policy"])
	if err != nil {
		return err
	}
	if text := d.text(); changed && (len(text) > maxQueuePolicy || len(d.statements) > maxQueueStatements) {
		p.refuse("policy of queue %s would have %d bytes in %s, and SQS takes %d in %d: remove some of others, or give another --bootstrap.queue", p.cfg.Queue, len(text), count(len(d.statements), "statement"), maxQueuePolicy, maxQueueStatements)
		return nil
	}
	if url == "" {
		p.step(p.cfg.queueName(), "create it: encrypted with SSE-SQS, messages kept 4 days and hidden 60 s, to the dead-letter queue after 8 receives; S3 of this bucket may send, over TLS", p.createQueue)
		return nil
	}
	p.found("%s, %s", p.cfg.queueName(), url)
	p.lookAtQueueKey(have)
	if changed {
		p.step(p.cfg.queueName(), "let S3 of this bucket send, and require TLS"+stay(len(d.statements)-queueStatements, "statement"), func(ctx context.Context) error { return p.writeQueuePolicy(ctx, url) })
	}
	p.mendQueue(url, have)
	return nil
}

func (c Config) queueName() string { return "queue " + c.Queue }

// lookAtQueueKey wants encryption that S3 can use.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
func (p *planner) lookAtQueueKey(have map[string]string) {
	key := have["KmsMasterKeyId"]
	switch {
	case key == "":
	case strings.HasSuffix(key, managedQueueKey):
		p.refuse("queue %s is encrypted with %s, and S3 cannot send with a key that AWS manages; go over to SSE-SQS (aws sqs set-queue-attributes --queue-url %s --attributes KmsMasterKeyId=,SqsManagedSseEnabled=true) or to a customer managed key, or give another --bootstrap.queue", p.cfg.Queue, managedQueueKey, p.plan.found.queueURL)
	default:
		p.plan.found.queueKey = key
	}
}

// warnOfQueueKey says what is left to the owner of the key.
func (p *planner) warnOfQueueKey() {
	if key := p.plan.found.queueKey; key != "" {
		p.warn("%s", p.cfg.queueKeyAdvice(key))
	}
}

// queueKeyAdvice has the statement that lets S3 use the key of the queue.
func (c Config) queueKeyAdvice(key string) string {
	return fmt.Sprintf("flowd does not change keys: unless it is there, add this statement to the policy of key %s of queue %s yourself; without it S3 cannot send\n%s", key, c.Queue, statementText(map[string]any{
		"Sid": "FlowdBucketNotifications", "Effect": "Allow", "Principal": map[string]any{"Service": "s3.amazonaws.com"},
		"Action": []string{"kms:GenerateDataKey", "kms:Decrypt"}, "Resource": "*",
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": c.AccountID}, "ArnLike": map[string]any{"aws:SourceArn": c.bucketARN()}},
	}))
}

// mendQueue changes only what would lose messages or leave them open: a queue that exists may have its own times.
func (p *planner) mendQueue(url string, have map[string]string) {
	if have["RedrivePolicy"] == "" {
		p.stepAttribute(url, p.cfg.queueName(), fmt.Sprintf("move messages to %s after %d receives", p.cfg.deadLetterQueue(), maxReceiveCount), "RedrivePolicy", p.cfg.redrivePolicy())
	}
	if n, err := strconv.Atoi(have["MaximumMessageSize"]); err == nil && n < minMessageSize {
		p.stepAttribute(url, p.cfg.queueName(), fmt.Sprintf("take messages of 64 KiB instead of %d bytes: S3 drops events that do not fit", n), "MaximumMessageSize", strconv.Itoa(minMessageSize))
	}
	if have["KmsMasterKeyId"] == "" && have["SqsManagedSseEnabled"] == "false" {
		p.stepAttribute(url, p.cfg.queueName(), "encrypt messages with SSE-SQS", "SqsManagedSseEnabled", "true")
	}
}

func (p *planner) stepAttribute(url, resource, action, attribute, value string) {
	p.step(resource, action, func(ctx context.Context) error { return p.setAttribute(ctx, url, attribute, value) })
}

func (s *Setup) setAttribute(ctx context.Context, url, attribute, value string) error {
	_, err := s.aws.SQS.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{attribute: value}})
	return err
}

// queue is the URL of a queue and its attributes; both empty when there is none.
func (s *Setup) queue(ctx context.Context, name string) (url string, attributes map[string]string, err error) {
	found, err := s.aws.SQS.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if absent(err) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("looking up queue %s: %w", name, err)
	}
	out, err := s.aws.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: found.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if absent(err) { // It was just deleted: its name is still known, and free after a minute.
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("reading the attributes of queue %s: %w", name, err)
	}
	return aws.ToString(found.QueueUrl), out.Attributes, nil
}

// queuePolicy lets S3 send, for this bucket of this account only. Each bucket has a statement of its own, so that several may share a queue.
func (s *Setup) queuePolicy(have string) (d document, changed bool, err error) {
	if d, err = parseDocument(have); err != nil {
		return d, false, fmt.Errorf("reading the policy of queue %s: %w", s.cfg.Queue, err)
	}
	arn := s.cfg.queueARN(s.cfg.Queue)
	changed = d.merge(map[string]any{
		"Sid": unique("FlowdBucketNotifications", s.cfg.bucketARN()), "Effect": "Allow", "Principal": map[string]any{"Service": "s3.amazonaws.com"},
		"Action": "sqs:SendMessage", "Resource": arn,
		"Condition": map[string]any{
			"ArnLike": map[string]any{"aws:SourceArn": s.cfg.bucketARN()}, "StringEquals": map[string]any{"aws:SourceAccount": s.cfg.AccountID},
		},
	}, tlsOnly("sqs:*", arn))
	return d, changed, nil
}

func (s *Setup) writeQueuePolicy(ctx context.Context, url string) error {
	out, err := s.aws.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNamePolicy}})
	if err != nil {
		return err
	}
	d, changed, err := s.queuePolicy(out.Attributes["Policy"])
	if err != nil || !changed {
		return err
	}
	return s.setAttribute(ctx, url, "Policy", d.text())
}

func (s *Setup) createQueue(ctx context.Context) error {
	policy, _, err := s.queuePolicy("")
	if err != nil {
		return err
	}
	return s.create(ctx, s.cfg.Queue, map[string]string{
		"MessageRetentionPeriod": retention, "VisibilityTimeout": visibility, "ReceiveMessageWaitTimeSeconds": longPoll,
		"SqsManagedSseEnabled": "true", "RedrivePolicy": s.cfg.redrivePolicy(), "Policy": policy.text(),
	})
}

func (s *Setup) create(ctx context.Context, name string, attributes map[string]string) error {
	_, err := s.aws.SQS.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes, Tags: s.cfg.allTags()})
	return err
}

// allTags are those asked for and the mark by which what flowd made is found again.
func (c Config) allTags() map[string]string {
	tags := map[string]string{"created-by": "flowd"}
	for key, value := range c.Tags {
		tags[key] = value
	}
	return tags
}

// redrive is a redrive policy. The count is a number or, from some clients, a string of one.
type redrive struct {
	Target string `json:"deadLetterTargetArn"`
	Count  values `json:"maxReceiveCount"`
}

func parseRedrive(text string) (r redrive) {
	if json.Unmarshal([]byte(text), &r) != nil {
		return redrive{}
	}
	return r
}

func (c Config) redrivePolicy() string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, c.queueARN(c.deadLetterQueue()), maxReceiveCount)
}
