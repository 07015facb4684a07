package localaws

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// newReceipt makes a receipt handle: it names the queue, the message and the receive.
func newReceipt(q *queue, m *message) string {
	return base64.RawURLEncoding.EncodeToString([]byte(q.id + "/" + m.id + "/" + randomID(8)))
}

// holder finds a message by receipt handle. A handle of an earlier receive finds the message, but is stale; one of a message that is gone finds
// nothing.
func (q *queue) holder(handle string) (m *message, stale bool, err *sqsError) {
	raw, _ := base64.RawURLEncoding.DecodeString(handle) // What does not decode has no slashes.
	parts := strings.Split(string(raw), "/")
	if len(parts) != 3 || parts[0] != q.id {
		return nil, false, sqsFault("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", handle)
	}
	for _, m := range q.messages {
		if m.id == parts[1] {
			return m, m.receipt != handle, nil
		}
	}
	return nil, true, nil
}

// deleteMessage succeeds with a stale handle and deletes nothing, as a standard queue does. Every n-th deleted message comes back, if the
// server was told so.
func (s *Server) deleteMessage(q *queue, handle string) *sqsError {
	m, stale, err := q.holder(handle)
	if err != nil || stale {
		return err
	}
	s.deletes++
	if n := s.cfg.RedeliverEvery; n > 0 && s.deletes%n == 0 {
		m.visible = time.Now()
		q.wakeUp()
		return nil
	}
	q.messages = slices.DeleteFunc(q.messages, func(other *message) bool { return other == m })
	return nil
}

// maxVisibility is how long a message may stay hidden after a receive, however often that is extended.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
const maxVisibility = 12 * time.Hour

func (s *Server) changeVisibility(q *queue, e *sqsEntry) *sqsError {
	if e.VisibilityTimeout == nil {
		return sqsFault("MissingParameter", "The request must contain the parameter VisibilityTimeout.")
	}
	m, stale, err := q.holder(e.ReceiptHandle)
	now, timeout := time.Now(), time.Duration(*e.VisibilityTimeout)*time.Second
	switch {
	case err != nil:
		return err
	case timeout < 0 || timeout > maxVisibility:
		return invalidParameter("Value %d for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200.", *e.VisibilityTimeout)
	case m == nil:
		return invalidParameter("Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", e.ReceiptHandle)
	case stale, !m.visible.After(now):
		return sqsFault("MessageNotInflight", "The specified message isn't in flight.")
	case now.Add(timeout).After(m.received.Add(maxVisibility)):
		return invalidParameter("Value %d for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].", *e.VisibilityTimeout)
	}
	m.visible = now.Add(timeout)
	q.wakeUp()
	return nil
}
