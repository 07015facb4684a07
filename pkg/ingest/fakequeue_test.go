package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

const (
	queueURL      = "https://sqs.eu-west-1.amazonaws.com/111122223333/flowd"
	deadLetterURL = queueURL + "-dead"
	longestHidden = 12 * time.Hour
)

// fakeQueue is a standard queue as its documentation describes it, in whatever time the bubble has.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/
type fakeQueue struct {
	maxReceives int           // Of the redrive policy; 0 has none.
	impatient   bool          // It does not long-poll.
	longPoll    time.Duration // What a receive waits that does not say.
	maxSize     int           // Of a message, in bytes; 0 does not say.
	noCounts    bool          // It does not tell how often a message was received.
	// fails is asked before every call, with the number of calls of that name so far; an error is the answer, and nothing happens.
	fails func(ctx context.Context, call string, n int) error
	// dropsReply is asked after every batch delete; true loses the answer.
	dropsReply func(n int) bool
	// refuses is asked for every entry of a batch delete; true fails the entry as a fault of the queue.
	refuses func(n int) bool
	// delivers and deletes hear of every message before it is received again, and when it is deleted. The queue is locked meanwhile.
	delivers, deletes func(m *fakeMessage)

	mu       sync.Mutex
	messages []*fakeMessage
	dead     []*fakeMessage
	deleted  []*fakeMessage
	changed  chan struct{} // Closed and replaced when a receive may find something new.
	calls    map[string]int
	entries  int
	batches  []int // Sizes of batch deletes.
	extended []time.Duration
	receives []*sqs.ReceiveMessageInput
}

type fakeMessage struct {
	id, body   string
	visible    time.Time // Hidden until then.
	receipts   []string  // The last one is good.
	receivedAt []time.Time
}

func newFakeQueue(maxReceives int) *fakeQueue {
	return &fakeQueue{
		maxReceives: maxReceives, changed: make(chan struct{}), calls: map[string]int{},
		fails: func(context.Context, string, int) error { return nil }, refuses: func(int) bool { return false },
		dropsReply: func(int) bool { return false },
		delivers:   func(*fakeMessage) {}, deletes: func(*fakeMessage) {},
	}
}

func (q *fakeQueue) send(body string) *fakeMessage {
	q.mu.Lock()
	defer q.mu.Unlock()
	m := &fakeMessage{id: "message-" + strconv.Itoa(len(q.messages)+len(q.deleted)+len(q.dead)), body: body, visible: time.Now()}
	q.messages = append(q.messages, m)
	q.wakeUp()
	return m
}

// left is how many messages are neither deleted nor dead.
func (q *fakeQueue) left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages)
}

func (q *fakeQueue) wakeUp() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// enter counts the call and lets it fail. It does not hold the lock meanwhile: a call that hangs must not stop the others.
func (q *fakeQueue) enter(ctx context.Context, call string) error {
	q.mu.Lock()
	q.calls[call]++
	n := q.calls[call]
	q.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return q.fails(ctx, call, n)
}

func (q *fakeQueue) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	if err := q.enter(ctx, "ReceiveMessage"); err != nil {
		return nil, err
	}
	hidden, wait := time.Duration(in.VisibilityTimeout)*time.Second, time.Duration(in.WaitTimeSeconds)*time.Second
	if in.MaxNumberOfMessages < 1 || in.MaxNumberOfMessages > 10 || wait > 20*time.Second || hidden > longestHidden {
		return nil, apiError("InvalidParameterValue")
	}
	q.mu.Lock()
	q.receives = append(q.receives, in)
	q.mu.Unlock()
	if wait == 0 { // The SDK does not send a 0, and the queue's own setting counts then.
		wait = q.longPoll
	}
	if q.impatient {
		wait = 0
	}
	end := time.NewTimer(max(wait, time.Nanosecond)) // A timer of no time at all has crashed the race detector's build of Go in a bubble.
	defer end.Stop()
	for {
		messages, changed, next := q.take(in, hidden)
		if len(messages) > 0 {
			return &sqs.ReceiveMessageOutput{Messages: messages}, nil
		}
		if wait == 0 {
			return &sqs.ReceiveMessageOutput{}, nil
		}
		again := time.NewTimer(next)
		select {
		case <-changed:
		case <-again.C:
		case <-end.C:
			again.Stop()
			return &sqs.ReceiveMessageOutput{}, nil
		case <-ctx.Done():
			again.Stop()
			return nil, ctx.Err()
		}
		again.Stop()
	}
}

// take hides as many visible messages as were asked for, and moves those that were received too often. Next is when to look again, at the latest.
func (q *fakeQueue) take(in *sqs.ReceiveMessageInput, hidden time.Duration) (messages []types.Message, changed chan struct{}, next time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	next = time.Hour
	q.messages = slices.DeleteFunc(q.messages, func(m *fakeMessage) bool {
		switch {
		case m.visible.After(now):
			next = min(next, m.visible.Sub(now))
		case q.maxReceives > 0 && len(m.receipts) >= q.maxReceives:
			q.dead = append(q.dead, m)
			return true
		case len(messages) < int(in.MaxNumberOfMessages):
			q.delivers(m)
			messages = append(messages, m.receive(now, hidden, in.MessageSystemAttributeNames))
			if q.noCounts {
				messages[len(messages)-1].Attributes = nil
			}
		}
		return false
	})
	return messages, q.changed, next
}

func (m *fakeMessage) receive(now time.Time, hidden time.Duration, attributes []types.MessageSystemAttributeName) types.Message {
	receipt := fmt.Sprintf("%s/receipt-%d", m.id, len(m.receipts))
	m.receipts, m.receivedAt, m.visible = append(m.receipts, receipt), append(m.receivedAt, now), now.Add(hidden)
	all := map[types.MessageSystemAttributeName]string{
		types.MessageSystemAttributeNameApproximateReceiveCount:          strconv.Itoa(len(m.receipts)),
		types.MessageSystemAttributeNameApproximateFirstReceiveTimestamp: strconv.FormatInt(m.receivedAt[0].UnixMilli(), 10),
	}
	asked := map[string]string{}
	for _, name := range attributes {
		asked[string(name)] = all[name]
	}
	return types.Message{MessageId: &m.id, Body: &m.body, ReceiptHandle: &receipt, Attributes: asked}
}

// find looks a receipt up, of any age. The caller holds the lock.
func (q *fakeQueue) find(receipt string) (m *fakeMessage, latest bool) {
	for _, m := range slices.Concat(q.messages, q.dead, q.deleted) {
		if i := slices.Index(m.receipts, receipt); i >= 0 {
			return m, i == len(m.receipts)-1
		}
	}
	return nil, false
}

func (q *fakeQueue) ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	if err := q.enter(ctx, "ChangeMessageVisibility"); err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now, timeout := time.Now(), time.Duration(in.VisibilityTimeout)*time.Second
	m, latest := q.find(aws.ToString(in.ReceiptHandle))
	switch {
	case m == nil || !latest:
		return nil, &types.ReceiptHandleIsInvalid{}
	case !slices.Contains(q.messages, m) || !m.visible.After(now):
		return nil, &types.MessageNotInflight{}
	case now.Add(timeout).After(m.receivedAt[len(m.receivedAt)-1].Add(longestHidden)):
		return nil, apiError("InvalidParameterValue")
	}
	m.visible = now.Add(timeout)
	q.extended = append(q.extended, timeout)
	q.wakeUp()
	return &sqs.ChangeMessageVisibilityOutput{}, nil
}

// DeleteMessageBatch knows the trap of the real one: a receipt that is not the latest is a success that deletes nothing.
func (q *fakeQueue) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	if err := q.enter(ctx, "DeleteMessageBatch"); err != nil {
		return nil, err
	}
	if len(in.Entries) == 0 {
		return nil, &types.EmptyBatchRequest{}
	}
	if len(in.Entries) > 10 {
		return nil, &types.TooManyEntriesInBatchRequest{}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batches = append(q.batches, len(in.Entries))
	out, ids := &sqs.DeleteMessageBatchOutput{}, map[string]bool{}
	for _, e := range in.Entries {
		if ids[*e.Id] {
			return nil, &types.BatchEntryIdsNotDistinct{}
		}
		ids[*e.Id] = true
		q.entries++
		m, latest := q.find(aws.ToString(e.ReceiptHandle))
		switch {
		case q.refuses(q.entries):
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: aws.String("InternalError"), SenderFault: false})
			continue
		case m == nil:
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: aws.String("ReceiptHandleIsInvalid"), SenderFault: true})
			continue
		case latest && slices.Contains(q.messages, m):
			q.messages = slices.DeleteFunc(q.messages, func(other *fakeMessage) bool { return other == m })
			q.deleted = append(q.deleted, m)
			q.deletes(m)
		}
		out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: e.Id})
	}
	if q.dropsReply(len(q.batches)) {
		return nil, errDown
	}
	return out, nil
}

func (q *fakeQueue) GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	if err := q.enter(ctx, "GetQueueAttributes"); err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	all := map[types.QueueAttributeName]string{types.QueueAttributeNameApproximateNumberOfMessages: strconv.Itoa(len(q.dead))}
	if aws.ToString(in.QueueUrl) == queueURL {
		hidden := 0
		for _, m := range q.messages {
			if m.visible.After(time.Now()) {
				hidden++
			}
		}
		all = map[types.QueueAttributeName]string{
			types.QueueAttributeNameApproximateNumberOfMessages:           strconv.Itoa(len(q.messages) - hidden),
			types.QueueAttributeNameApproximateNumberOfMessagesNotVisible: strconv.Itoa(hidden),
			types.QueueAttributeNameApproximateNumberOfMessagesDelayed:    "0",
		}
		if q.maxSize > 0 {
			all[types.QueueAttributeNameMaximumMessageSize] = strconv.Itoa(q.maxSize)
		}
		if q.maxReceives > 0 {
			all[types.QueueAttributeNameRedrivePolicy] = fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:flowd-dead","maxReceiveCount":%d}`, q.maxReceives)
		}
	}
	asked := map[string]string{}
	for _, name := range in.AttributeNames {
		if value, ok := all[name]; ok {
			asked[string(name)] = value
		}
	}
	return &sqs.GetQueueAttributesOutput{Attributes: asked}, nil
}

func (q *fakeQueue) GetQueueUrl(ctx context.Context, in *sqs.GetQueueUrlInput, _ ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error) {
	if err := q.enter(ctx, "GetQueueUrl"); err != nil {
		return nil, err
	}
	if aws.ToString(in.QueueName) != "flowd-dead" || aws.ToString(in.QueueOwnerAWSAccountId) != "111122223333" {
		return nil, &types.QueueDoesNotExist{}
	}
	return &sqs.GetQueueUrlOutput{QueueUrl: aws.String(deadLetterURL)}, nil
}

func apiError(code string) error {
	return &smithy.GenericAPIError{Code: code, Message: "as ordered by the test"}
}

var errDown = errors.New("connection refused")
