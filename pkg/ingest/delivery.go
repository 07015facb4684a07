package ingest

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.uber.org/zap"
)

// delivery is one receipt of one message, from the receive until it is deleted or left alone. One goroutine has it at a time.
type delivery struct {
	id           string
	receipt      string
	receiveCount int
	firstReceive time.Time
	objects      []Object // That its body announces.
	commits      []pending
	keeper       *keeper
	probe        bool   // It is worked on although the circuit is open.
	suspect      bool   // One of its objects failed by what may be an outage.
	reason       string // Why the message fails; empty while it does not.
	err          error
}

// pending is an object whose batch is with the committer.
type pending struct {
	object Object
	result <-chan CommitResult
}

func (c *Consumer) newDelivery(m *types.Message) *delivery {
	d := &delivery{id: aws.ToString(m.MessageId), receipt: aws.ToString(m.ReceiptHandle), receiveCount: 1, firstReceive: time.Now()}
	if n, err := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)]); err == nil {
		d.receiveCount = n
	}
	if ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameApproximateFirstReceiveTimestamp)], 10, 64); err == nil {
		d.firstReceive = time.UnixMilli(ms)
	}
	return d
}

// fail keeps the first reason: what comes after it may follow from it.
func (d *delivery) fail(reason string, err error) {
	if d.reason == "" {
		d.reason, d.err = reason, err
	}
}

// again forgets the last attempt, if there was one, before a probe. What announced nothing was never attempted.
func (d *delivery) again() {
	d.probe, d.suspect = true, false
	if len(d.objects) > 0 {
		d.reason, d.err = "", nil
	}
}

// How often, and for how long, an object must have been looked for before it counts as missing. S3 is consistent, so an object that was
// announced and is not there was deleted; the patience is for emulators and for keys that are decoded wrongly at first.
const (
	missingReceives = 2
	missingAfter    = time.Minute
)

func (d *delivery) goneLongEnough(now time.Time) bool {
	return d.receiveCount >= missingReceives && now.Sub(d.firstReceive) >= missingAfter
}

// fields identify a delivery, and an object of it, in a log line.
func (d *delivery) fields(o Object, err error) []zap.Field {
	fields := []zap.Field{
		zap.String("message_id", d.id), zap.Int("receive_count", d.receiveCount),
		zap.String("bucket", o.Bucket), zap.String("key", o.Key),
	}
	if err != nil {
		fields = append(fields, zap.String("reason", reasonOf(err, d.reason)), zap.Error(err))
	}
	return fields
}
