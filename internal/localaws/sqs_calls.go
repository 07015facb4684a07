package localaws

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) createQueue(r *http.Request, in *sqsInput) (any, *sqsError) {
	if in.QueueName == "" || len(in.QueueName) > 80 || strings.HasSuffix(in.QueueName, ".fifo") {
		return nil, sqsFault("InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length; FIFO queues are not part of this endpoint")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[in.QueueName]; q != nil {
		for name, value := range in.Attributes {
			if q.attributes[name] != value {
				return nil, &sqsError{http.StatusBadRequest, "QueueNameExists", "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute " + name}
			}
		}
		return map[string]string{"QueueUrl": s.urlOf(r, q.name)}, nil
	}
	q := &queue{name: in.QueueName, attributes: defaultAttributes(), created: time.Now(), changed: make(chan struct{})}
	q.attributes["QueueArn"] = "arn:aws:sqs:" + s.cfg.Region + ":" + s.cfg.AccountID + ":" + in.QueueName
	if err := s.setAttributes(q, in.Attributes); err != nil {
		return nil, err
	}
	s.queues[q.name] = q
	return map[string]string{"QueueUrl": s.urlOf(r, q.name)}, nil
}

// limits are the numbers that attributes may have.
func limits() map[string][2]int {
	return map[string][2]int{
		"DelaySeconds": {0, 900}, "MaximumMessageSize": {1024, 1 << 20}, "MessageRetentionPeriod": {60, 1209600},
		"ReceiveMessageWaitTimeSeconds": {0, 20}, "VisibilityTimeout": {0, 43200}, "KmsDataKeyReusePeriodSeconds": {60, 86400},
	}
}

// setAttributes merges: what is not named stays.
func (s *Server) setAttributes(q *queue, attributes map[string]string) *sqsError {
	for name, value := range attributes {
		limit, number := limits()[name]
		n, err := strconv.Atoi(value)
		switch {
		case number && (err != nil || n < limit[0] || n > limit[1]):
			return sqsFault("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
		case slices.Contains([]string{"Policy", "RedrivePolicy", "RedriveAllowPolicy"}, name) && value != "" && !json.Valid([]byte(value)):
			return sqsFault("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
		case !number && !slices.Contains([]string{"Policy", "RedrivePolicy", "RedriveAllowPolicy", "SqsManagedSseEnabled", "KmsMasterKeyId"}, name):
			return sqsFault("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	maps.Copy(q.attributes, attributes)
	maps.DeleteFunc(q.attributes, func(_, value string) bool { return value == "" })
	return nil
}

func (q *queue) read(names []string) map[string]string {
	visible, hidden, delayed := q.counts()
	all := maps.Clone(q.attributes)
	all["ApproximateNumberOfMessages"] = strconv.Itoa(visible)
	all["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(hidden)
	all["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(delayed)
	all["CreatedTimestamp"] = strconv.FormatInt(q.created.Unix(), 10)
	all["LastModifiedTimestamp"] = all["CreatedTimestamp"]
	if !slices.Contains(names, "All") {
		maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(names, name) })
	}
	return all
}

func (s *Server) queueURL(r *http.Request, in *sqsInput) (any, *sqsError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[in.QueueName] == nil {
		return nil, noQueue()
	}
	return map[string]string{"QueueUrl": s.urlOf(r, in.QueueName)}, nil
}

func (s *Server) listQueues(r *http.Request, in *sqsInput) (any, *sqsError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	urls := []string{}
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		if strings.HasPrefix(name, in.QueueNamePrefix) {
			urls = append(urls, s.urlOf(r, name))
		}
	}
	return map[string]any{"QueueUrls": urls}, nil
}

func (s *Server) sendMessage(q *queue, body string) (any, *sqsError) {
	if body == "" || len(body) > 1<<20 {
		return nil, sqsFault("InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be between 1 byte and 1 MiB.")
	}
	m := s.send(q, body)
	return map[string]string{"MessageId": m.id, "MD5OfMessageBody": md5Of(body)}, nil
}

func md5Of(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// receive is a long poll: it looks, and looks again whenever a message comes or comes back, until the wait is over or the client goes away.
func (s *Server) receive(ctx context.Context, in *sqsInput) (any, *sqsError) {
	var deadline time.Time
	for {
		taken, again, err := s.look(in, &deadline)
		if err != nil || len(taken) > 0 || again.changed == nil {
			return map[string]any{"Messages": taken}, err
		}
		timer := time.NewTimer(time.Until(again.at))
		select {
		case <-ctx.Done():
			timer.Stop()
			return map[string]any{}, nil
		case <-again.changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// lookAgain is when an empty receive has a reason to look once more.
type lookAgain struct {
	changed chan struct{} // nil when the wait is over.
	at      time.Time
}

func (s *Server) look(in *sqsInput, deadline *time.Time) ([]map[string]any, lookAgain, *sqsError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[nameOf(in.QueueUrl)]
	if q == nil {
		return nil, lookAgain{}, noQueue()
	}
	n, wait, visibility := valueOr(in.MaxNumberOfMessages, 1), valueOr(in.WaitTimeSeconds, int(q.seconds("ReceiveMessageWaitTimeSeconds")/time.Second)), q.seconds("VisibilityTimeout")
	if in.VisibilityTimeout != nil {
		visibility = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	if n < 1 || n > 10 || wait < 0 || wait > 20 || visibility < 0 || visibility > 12*time.Hour {
		return nil, lookAgain{}, sqsFault("InvalidParameterValue", "MaxNumberOfMessages must be 1 to 10, WaitTimeSeconds 0 to 20, VisibilityTimeout 0 to 43200")
	}
	now := time.Now()
	if deadline.IsZero() {
		*deadline = now.Add(time.Duration(wait) * time.Second)
	}
	q.expire()
	taken := []map[string]any{}
	for _, m := range s.take(q, n, visibility) {
		taken = append(taken, m.answer(append(in.MessageSystemAttributeNames, in.AttributeNames...)))
	}
	if len(taken) > 0 || !now.Before(*deadline) {
		return taken, lookAgain{}, nil
	}
	again := lookAgain{q.changed, *deadline}
	if next := q.nextVisible(); !next.IsZero() && next.Before(again.at) {
		again.at = next
	}
	return nil, again, nil
}

func valueOr(v *int, fallback int) int {
	if v == nil {
		return fallback
	}
	return *v
}

func (m *message) answer(names []string) map[string]any {
	all := map[string]string{
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.firstReceive.UnixMilli(), 10),
		"SentTimestamp":                    strconv.FormatInt(m.sent.UnixMilli(), 10),
	}
	if !slices.Contains(names, "All") {
		maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(names, name) })
	}
	return map[string]any{"MessageId": m.id, "ReceiptHandle": m.receipt, "Body": m.body, "MD5OfBody": md5Of(m.body), "Attributes": all}
}

// holder finds a message by receipt handle. A handle of an earlier receive finds the message, but is stale.
func (q *queue) holder(handle string) (m *message, stale bool, err *sqsError) {
	id, _, ok := strings.Cut(handle, "/")
	if !ok {
		return nil, false, sqsFault("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", handle)
	}
	for _, m := range q.messages {
		if m.id == id {
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

func (s *Server) changeVisibility(q *queue, handle string, timeout *int) *sqsError {
	m, stale, err := q.holder(handle)
	switch {
	case err != nil:
		return err
	case timeout == nil || *timeout < 0 || *timeout > 43200:
		return sqsFault("InvalidParameterValue", "VisibilityTimeout must be between 0 and 43200")
	case m == nil:
		return sqsFault("InvalidParameterValue", "Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
	case stale, !m.visible.After(time.Now()):
		return &sqsError{http.StatusBadRequest, "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", "The specified message isn't in flight."}
	}
	m.visible = time.Now().Add(time.Duration(*timeout) * time.Second)
	q.wakeUp()
	return nil
}

// batch answers 200 with an outcome for each entry.
func (s *Server) batch(q *queue, operation string, entries []sqsEntry) (any, *sqsError) {
	if len(entries) == 0 {
		return nil, &sqsError{http.StatusBadRequest, "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", "There should be at least one entry in the request."}
	}
	if len(entries) > 10 {
		return nil, &sqsError{http.StatusBadRequest, "TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10."}
	}
	successful, failed := []map[string]string{}, []map[string]any{}
	for _, e := range entries {
		done := map[string]string{"Id": e.Id}
		var err *sqsError
		switch operation {
		case "SendMessageBatch":
			m := s.send(q, e.MessageBody)
			done["MessageId"], done["MD5OfMessageBody"] = m.id, md5Of(m.body)
		case "DeleteMessageBatch":
			err = s.deleteMessage(q, e.ReceiptHandle)
		default:
			err = s.changeVisibility(q, e.ReceiptHandle, e.VisibilityTimeout)
		}
		if err != nil {
			failed = append(failed, map[string]any{"Id": e.Id, "SenderFault": true, "Code": err.code, "Message": err.message})
			continue
		}
		successful = append(successful, done)
	}
	return map[string]any{"Successful": successful, "Failed": failed}, nil
}
