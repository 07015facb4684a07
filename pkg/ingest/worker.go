package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.uber.org/zap"
)

const (
	longPoll = 20 * time.Second // The most that SQS offers.
	// shortPoll is the least that the SDK sends: it leaves out a 0, and the queue's own setting counts then, which flowd's set-up makes a long poll.
	shortPoll = time.Second
	// receiveTimeout ends a receive that never answers.
	receiveTimeout = longPoll + 15*time.Second
	minPause       = time.Second
	maxPause       = 30 * time.Second
)

// work is one worker: it receives a message and finishes it, then the next.
func (c *Consumer) work(ctx, work context.Context, p *pulse) {
	r, pause := newReader(c.chunks), minPause
	r.pulse = p
	defer p.rest()
	for ctx.Err() == nil {
		p.beat(c.began)
		if c.circuit.isOpen() {
			c.waitForRecovery(ctx, work, r)
			continue
		}
		if c.memory.isShort() {
			c.waitForMemory(ctx, p)
			continue
		}
		began := time.Now()
		message, err := c.receive(ctx, c.patience())
		switch {
		case err != nil:
			if c.receiveFailed(ctx, err); !c.circuit.isOpen() {
				sleep(ctx, c.jitter(pause))
				pause = min(2*pause, maxPause)
			}
			continue
		case message != nil:
			d := c.accept(message)
			c.handleObjects(work, r, d)
			c.finish(ctx, work, r, d)
		case time.Since(began) < minPause: // Nothing, and no long poll either: every receive is paid for.
			sleep(ctx, c.jitter(minPause))
		}
		pause = minPause
	}
}

func (c *Consumer) waitForMemory(ctx context.Context, p *pulse) {
	p.rest()
	select {
	case <-c.memory.untilFreed():
	case <-ctx.Done():
	}
}

// receive takes one message, and waits for it: ten taken by one worker would leave nine ticking.
func (c *Consumer) receive(ctx context.Context, patience time.Duration) (*types.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, receiveTimeout)
	defer cancel()
	began := time.Now()
	out, err := c.deps.SQS.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &c.cfg.QueueURL, MaxNumberOfMessages: 1,
		WaitTimeSeconds: seconds(patience), VisibilityTimeout: seconds(c.cfg.VisibilityTimeout),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{
			types.MessageSystemAttributeNameApproximateReceiveCount, types.MessageSystemAttributeNameApproximateFirstReceiveTimestamp,
		},
	})
	if err != nil {
		return nil, err
	}
	c.answered.Store(true)
	c.metrics.lastReceive.SetToCurrentTime()
	c.circuit.received(began)
	if len(out.Messages) == 0 {
		c.deps.Progress.QueueEmpty(began, false)
		return nil, nil
	}
	c.metrics.received.Inc()
	return &out.Messages[0], nil
}

// patience is short until the queue has answered once: a long poll of an empty queue would keep flowd from being ready for 20 seconds.
func (c *Consumer) patience() time.Duration {
	if c.answered.Load() {
		return longPoll
	}
	return shortPoll
}

// receiveFailed says so once for an outage. Being told to stop is no failure.
func (c *Consumer) receiveFailed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	c.metrics.failed.WithLabelValues(reasonReceive).Inc()
	level := zap.ErrorLevel
	if c.circuit.isOpen() {
		level = zap.DebugLevel
	}
	c.deps.Logger.Log(level, "receiving from the queue failed; trying again", zap.String("queue_url", c.cfg.QueueURL), zap.Error(err))
	c.circuit.receiveFailed(err)
}

// accept begins a delivery: its message stays invisible from here on, and what it announces is known.
func (c *Consumer) accept(m *types.Message) *delivery {
	d := c.newDelivery(m)
	d.keeper = c.keep(d)
	n, err := parseNotification(aws.ToString(m.Body))
	if err != nil {
		c.deps.Logger.Debug("body of a message that was not understood", zap.String("message_id", d.id), zap.String("body", clip(aws.ToString(m.Body))))
		d.fail(reasonOf(err, reasonBadMessage), err)
	}
	c.metrics.objects.WithLabelValues(resultIgnored).Add(float64(n.ignored))
	d.objects = n.objects
	c.announce(d)
	return d
}

// handleObjects works on every object of a message, one after the other. An object that failed does not keep the others from being counted: they
// will be duplicates when the message returns. An outage does.
func (c *Consumer) handleObjects(ctx context.Context, r *reader, d *delivery) {
	for _, o := range d.objects {
		r.pulse.beat(c.began)
		if !d.probe && c.circuit.isOpen() {
			d.fail(reasonHeld, ErrOutage)
			return
		}
		c.handleObject(ctx, r, d, o)
	}
}

// handleObject finds an object's fate, or leaves that to the settler when its batch is with the committer.
func (c *Consumer) handleObject(ctx context.Context, r *reader, d *delivery, o Object) {
	admitted, ok := c.cfg.admit(o)
	if !ok {
		d.fail(reasonNotAllowed, failed(reasonNotAllowed, "s3://%s/%s is outside of the buckets and prefixes that may be read", clip(o.Bucket), clip(o.Key)))
		return
	}
	switch err := c.countObject(ctx, r, d, admitted); {
	case err == nil:
		c.circuit.objectRead()
	case errors.Is(err, errDuplicate):
		c.metrics.objects.WithLabelValues(resultDuplicate).Inc()
	case errors.Is(err, errOverwritten):
		c.metrics.objects.WithLabelValues(resultIgnored).Inc()
		c.deps.Logger.Info("the object was overwritten; it counts when that is announced", d.fields(o, nil)...)
	case errors.Is(err, errNotFound) && d.goneLongEnough(time.Now()):
		c.metrics.objects.WithLabelValues(resultMissing).Inc()
		c.deps.Logger.Warn("the object is gone; giving it up", d.fields(o, nil)...)
	default:
		c.objectFailed(d, o, err)
	}
}

func (c *Consumer) objectFailed(d *delivery, o Object, err error) {
	reason := reasonOf(err, reasonGet)
	c.metrics.failures.WithLabelValues(reason).Inc()
	if reason == reasonDrained {
		d.fail(reasonDrained, err)
	}
	d.fail(reasonObject, err)
	d.suspect = c.circuit.objectFailed(o, err) || d.suspect
	level := zap.WarnLevel
	if d.probe {
		level = zap.DebugLevel
	}
	c.deps.Logger.Log(level, "an object failed; its message comes back", d.fields(o, err)...)
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) }

// jitter spreads a pause over ±20 %, so that many workers do not come back as one.
func (c *Consumer) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*c.random()))
}

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
