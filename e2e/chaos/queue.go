package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
)

const (
	bucketName = "flowd-chaos"
	queueName  = "flowd-chaos"
	deadName   = queueName + "-dead-letter"
)

func (e *endpoint) queueURL(name string) string { return e.url + "/" + account + "/" + name }

// setUp lets flowd make the bucket and the queues, and says how often a message may be received.
func (e *endpoint) setUp(ctx context.Context, flowd, dir string, receives int) error {
	cmd := exec.CommandContext(ctx, flowd, "bootstrap", "--aws.endpoint-url="+e.url, "--aws.region="+region, "--bootstrap.bucket="+bucketName, "--bootstrap.queue="+queueName)
	cmd.Dir, cmd.Env = dir, environment(dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("setting up: %w\n%s", err, out)
	}
	policy := fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:%s:%s","maxReceiveCount":%d}`, region, account, deadName, receives)
	return e.call(ctx, "SetQueueAttributes", map[string]any{"QueueUrl": e.queueURL(queueName), "Attributes": map[string]string{"RedrivePolicy": policy}}, &struct{}{})
}

// messages is how many a queue has, in flight or not.
func (e *endpoint) messages(ctx context.Context, name string) (sum int, err error) {
	var out struct{ Attributes map[string]string }
	counts := []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"}
	if err := e.call(ctx, "GetQueueAttributes", map[string]any{"QueueUrl": e.queueURL(name), "AttributeNames": counts}, &out); err != nil {
		return 0, err
	}
	for _, c := range counts {
		n, err := strconv.Atoi(out.Attributes[c])
		if err != nil {
			return 0, fmt.Errorf("attribute %s of %s: %w", c, name, err)
		}
		sum += n
	}
	return sum, nil
}

// redrive moves every message from the dead-letter queue back, as an operator does.
func (e *endpoint) redrive(ctx context.Context) error {
	type message struct{ Body, ReceiptHandle string }
	for {
		var out struct{ Messages []message }
		if err := e.call(ctx, "ReceiveMessage", map[string]any{"QueueUrl": e.queueURL(deadName), "MaxNumberOfMessages": 10}, &out); err != nil || len(out.Messages) == 0 {
			return err
		}
		for _, m := range out.Messages {
			if err := e.call(ctx, "SendMessage", map[string]any{"QueueUrl": e.queueURL(queueName), "MessageBody": m.Body}, &struct{}{}); err != nil {
				return err
			}
			if err := e.call(ctx, "DeleteMessage", map[string]any{"QueueUrl": e.queueURL(deadName), "ReceiptHandle": m.ReceiptHandle}, &struct{}{}); err != nil {
				return err
			}
		}
	}
}
