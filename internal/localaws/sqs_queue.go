package localaws

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// queue is a standard queue.
type queue struct {
	name       string
	attributes map[string]string
	created    time.Time
	messages   []*message    // Oldest first.
	changed    chan struct{} // Closed and replaced when a receive may find something new.
}

// message is one message. The receipt is that of the latest receive: earlier ones are stale.
type message struct {
	id, body     string
	sent         time.Time
	visible      time.Time // Hidden until then.
	receipt      string
	receives     int
	firstReceive time.Time
}

// Defaults of attributes, as SQS documents them.
func defaultAttributes() map[string]string {
	return map[string]string{
		"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
		"VisibilityTimeout": "30", "SqsManagedSseEnabled": "true",
	}
}

func (q *queue) seconds(attribute string) time.Duration {
	n, err := strconv.Atoi(q.attributes[attribute])
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// wakeUp lets every waiting receive look again.
func (q *queue) wakeUp() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// send adds a message. The caller holds the lock.
func (s *Server) send(q *queue, body string) *message {
	now := time.Now()
	m := &message{id: randomID(16), body: body, sent: now, visible: now.Add(q.seconds("DelaySeconds"))}
	q.messages = append(q.messages, m)
	q.wakeUp()
	return m
}

// take receives up to n messages; those that were received too often go to the dead-letter queue instead. The caller holds the lock.
func (s *Server) take(q *queue, n int, visibility time.Duration) []*message {
	now, target, most := time.Now(), (*queue)(nil), 0
	if target, most = s.redrive(q); target == nil {
		most = int(^uint(0) >> 1)
	}
	var taken, dead []*message
	for _, m := range q.messages {
		if len(taken) == n || m.visible.After(now) {
			continue
		}
		if m.receives >= most {
			dead = append(dead, m)
			continue
		}
		m.receives++
		if m.receives == 1 {
			m.firstReceive = now
		}
		m.receipt, m.visible = m.id+"/"+randomID(8), now.Add(visibility)
		taken = append(taken, m)
	}
	s.bury(q, target, dead, now)
	return taken
}

// bury moves messages to the dead-letter queue. They keep the time at which they were sent.
func (s *Server) bury(q, target *queue, dead []*message, now time.Time) {
	for _, m := range dead {
		m.visible, m.receipt = now, ""
		target.messages = append(target.messages, m)
	}
	if len(dead) > 0 {
		q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return slices.Contains(dead, m) })
		target.wakeUp()
	}
}

// redrive reads the redrive policy. maxReceiveCount is a number or, from some clients, a string of one.
func (s *Server) redrive(q *queue) (target *queue, most int) {
	var p struct {
		Target string          `json:"deadLetterTargetArn"`
		Most   json.RawMessage `json:"maxReceiveCount"`
	}
	if json.Unmarshal([]byte(q.attributes["RedrivePolicy"]), &p) != nil {
		return nil, 0
	}
	text := string(p.Most)
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	most, err := strconv.Atoi(text)
	if err != nil {
		return nil, 0
	}
	return s.queueByARN(p.Target), most
}

// nextVisible is when a hidden message comes back, or zero.
func (q *queue) nextVisible() time.Time {
	var next time.Time
	for _, m := range q.messages {
		if next.IsZero() || m.visible.Before(next) {
			next = m.visible
		}
	}
	return next
}

// expire drops what is past its retention.
func (q *queue) expire() {
	oldest := time.Now().Add(-q.seconds("MessageRetentionPeriod"))
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return m.sent.Before(oldest) })
}

func (q *queue) counts() (visible, hidden, delayed int) {
	now := time.Now()
	for _, m := range q.messages {
		switch {
		case !m.visible.After(now):
			visible++
		case m.receives == 0:
			delayed++
		default:
			hidden++
		}
	}
	return visible, hidden, delayed
}

// admits says whether the queue policy lets a service send for a source.
func (q *queue) admits(service, sourceARN, account string) bool {
	return parsePolicy([]byte(q.attributes["Policy"])).allows(request{service, "sqs:SendMessage", q.attributes["QueueArn"], map[string]string{
		"aws:sourcearn": sourceARN, "aws:sourceaccount": account, "aws:securetransport": "true",
	}})
}

func (s *Server) queueByARN(arn string) *queue {
	for _, q := range s.queues {
		if q.attributes["QueueArn"] == arn {
			return q
		}
	}
	return nil
}
