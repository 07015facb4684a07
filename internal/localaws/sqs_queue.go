package localaws

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// queue is a standard queue.
type queue struct {
	name       string
	id         string // Makes the receipt handles of this queue its own.
	attributes map[string]string
	tags       map[string]string
	created    time.Time
	modified   time.Time
	purged     time.Time
	messages   []*message    // Oldest first.
	changed    chan struct{} // Closed and replaced when a receive may find something new.
}

// message is one message. The receipt is that of the latest receive: earlier ones are stale.
type message struct {
	id, body     string
	attributes   map[string]messageAttribute
	sent         time.Time
	visible      time.Time // Hidden until then.
	receipt      string
	receives     int
	firstReceive time.Time
	received     time.Time // The latest receive.
	buriedFrom   string    // ARN of the queue that it was moved from, if it was.
}

func (q *queue) number(attribute string) int {
	n, err := strconv.Atoi(q.attributes[attribute])
	if err != nil {
		return 0
	}
	return n
}

func (q *queue) seconds(attribute string) time.Duration {
	return time.Duration(q.number(attribute)) * time.Second
}

// wakeUp lets every waiting receive look again.
func (q *queue) wakeUp() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// queue finds a queue by URL, without the messages that are past their retention. The caller holds the lock.
func (s *Server) queue(url string) (*queue, *sqsError) {
	if url == "" {
		return nil, sqsFault("MissingParameter", "The request must contain the parameter QueueUrl.")
	}
	parts := strings.Split(strings.TrimSuffix(url, "/"), "/")
	if len(parts) < 2 {
		return nil, sqsFault("InvalidAddress", "The address %s is not valid for this endpoint.", url)
	}
	q := s.queues[parts[len(parts)-1]]
	if q == nil || parts[len(parts)-2] != s.cfg.AccountID {
		return nil, noQueue()
	}
	q.expire()
	return q, nil
}

// send adds a message, hidden for the delay of the queue unless it has its own. The caller holds the lock.
func (s *Server) send(q *queue, m *message, delay *int) {
	hidden := q.seconds("DelaySeconds")
	if delay != nil {
		hidden = time.Duration(*delay) * time.Second
	}
	m.id, m.sent = randomID(16), time.Now()
	m.visible = m.sent.Add(hidden)
	q.messages = append(q.messages, m)
	q.wakeUp()
}

// take receives up to n messages; those that were received too often go to the dead-letter queue instead. The caller holds the lock.
func (s *Server) take(q *queue, n int, visibility time.Duration) []*message {
	now := time.Now()
	target, most := s.redrive(q)
	var taken, dead []*message
	for _, m := range q.messages {
		switch {
		case len(taken) == n || m.visible.After(now):
		case target != nil && m.receives >= most:
			dead = append(dead, m)
		default:
			m.take(q, now, visibility)
			taken = append(taken, m)
		}
	}
	bury(q, target, dead, now)
	return taken
}

func (m *message) take(q *queue, now time.Time, visibility time.Duration) {
	if m.receives++; m.receives == 1 {
		m.firstReceive = now
	}
	m.received, m.visible, m.receipt = now, now.Add(visibility), newReceipt(q, m)
}

// bury moves messages to the dead-letter queue. They keep the time at which they were sent, and so their age.
func bury(q, target *queue, dead []*message, now time.Time) {
	if len(dead) == 0 {
		return
	}
	for _, m := range dead {
		m.visible, m.receipt, m.buriedFrom = now, "", q.attributes["QueueArn"]
		target.messages = append(target.messages, m)
	}
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return slices.Contains(dead, m) })
	target.wakeUp()
}

// redrivePolicy is the attribute. The number may be a string of one, from some clients.
type redrivePolicy struct {
	Target string `json:"deadLetterTargetArn"`
	Most   text   `json:"maxReceiveCount"`
}

// redrive is the dead-letter queue and how often a message may be received before it goes there; nil when there is none.
func (s *Server) redrive(q *queue) (target *queue, most int) {
	var p redrivePolicy
	if json.Unmarshal([]byte(q.attributes["RedrivePolicy"]), &p) != nil {
		return nil, 0
	}
	most, err := strconv.Atoi(string(p.Most))
	if err != nil {
		return nil, 0
	}
	return s.queueByARN(p.Target), most
}

// expire drops what is past its retention.
func (q *queue) expire() {
	oldest := time.Now().Add(-q.seconds("MessageRetentionPeriod"))
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return m.sent.Before(oldest) })
}

// counts are the messages that can be received, those in flight, and those that nobody could receive yet.
func (q *queue) counts() (visible, inFlight, delayed int) {
	now := time.Now()
	for _, m := range q.messages {
		switch {
		case !m.visible.After(now):
			visible++
		case m.receives == 0:
			delayed++
		default:
			inFlight++
		}
	}
	return visible, inFlight, delayed
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
