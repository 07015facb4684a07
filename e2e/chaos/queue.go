package main

import "context"

// redrive moves every message from the dead-letter queue back, as an operator does.
func (e *endpoint) redrive(ctx context.Context) error {
	type message struct{ Body, ReceiptHandle string }
	for {
		var out struct{ Messages []message }
		if err := e.Call(ctx, "ReceiveMessage", map[string]any{"QueueUrl": e.QueueURL(e.DeadName()), "MaxNumberOfMessages": 10}, &out); err != nil || len(out.Messages) == 0 {
			return err
		}
		for _, m := range out.Messages {
			if err := e.Call(ctx, "SendMessage", map[string]any{"QueueUrl": e.QueueURL(name), "MessageBody": m.Body}, &struct{}{}); err != nil {
				return err
			}
			if err := e.Call(ctx, "DeleteMessage", map[string]any{"QueueUrl": e.QueueURL(e.DeadName()), "ReceiptHandle": m.ReceiptHandle}, &struct{}{}); err != nil {
				return err
			}
		}
	}
}
