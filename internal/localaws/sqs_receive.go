package localaws

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// receive is a long poll: it looks, and looks again whenever a message comes or comes back, until the wait is over or the client goes away. A
// client that went away gets nothing: the message would be hidden for nobody.
func (s *Server) receive(ctx context.Context, in *sqsInput) (any, *sqsError) {
	started := time.Now()
	for ctx.Err() == nil {
		taken, again, err := s.look(in, started)
		if err != nil {
			return nil, err
		}
		if len(taken) > 0 {
			return map[string]any{"Messages": taken}, nil
		}
		if again.changed == nil || !again.wait(ctx) {
			break
		}
	}
	return struct{}{}, nil
}

// lookAgain is when an empty receive has a reason to look once more.
type lookAgain struct {
	changed chan struct{} // nil when the wait is over.
	at      time.Time
}

// wait says whether to look again.
func (l lookAgain) wait(ctx context.Context) bool {
	timer := time.NewTimer(time.Until(l.at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-l.changed:
	case <-timer.C:
	}
	return true
}

func (s *Server) look(in *sqsInput, started time.Time) ([]map[string]any, lookAgain, *sqsError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, lookAgain{}, err
	}
	n, wait, visibility, err := receiveParameters(q, in)
	if err != nil {
		return nil, lookAgain{}, err
	}
	if _, inFlight, _ := q.counts(); inFlight+n > s.cfg.MaxInFlight {
		if n = max(s.cfg.MaxInFlight-inFlight, 0); n == 0 && wait == 0 { // A long poll just finds nothing.
			return nil, lookAgain{}, sqsFault("OverLimit", "Too many messages are in flight: the limit is %d.", s.cfg.MaxInFlight)
		}
	}
	var taken []map[string]any
	for _, m := range s.take(q, n, visibility) {
		taken = append(taken, m.answer(in))
	}
	deadline := started.Add(wait)
	if len(taken) > 0 || !time.Now().Before(deadline) {
		return taken, lookAgain{}, nil
	}
	return nil, lookAgain{q.changed, q.nextLook(deadline)}, nil
}

// nextLook is when a hidden message comes back, or the deadline.
func (q *queue) nextLook(deadline time.Time) time.Time {
	now := time.Now()
	for _, m := range q.messages {
		if m.visible.After(now) && m.visible.Before(deadline) {
			deadline = m.visible
		}
	}
	return deadline
}

// receiveParameters are what the request says, or else the queue.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
func receiveParameters(q *queue, in *sqsInput) (n int, wait, visibility time.Duration, err *sqsError) {
	n = valueOr(in.MaxNumberOfMessages, 1)
	waitSeconds := valueOr(in.WaitTimeSeconds, q.number("ReceiveMessageWaitTimeSeconds"))
	visibilitySeconds := valueOr(in.VisibilityTimeout, q.number("VisibilityTimeout"))
	for _, p := range []struct {
		name            string
		value, from, to int
	}{
		{"MaxNumberOfMessages", n, 1, 10}, {"WaitTimeSeconds", waitSeconds, 0, 20}, {"VisibilityTimeout", visibilitySeconds, 0, 43200},
	} {
		if p.value < p.from || p.value > p.to {
			return 0, 0, 0, invalidParameter("Value %d for parameter %s is invalid. Reason: Must be between %d and %d, if provided.", p.value, p.name, p.from, p.to)
		}
	}
	return n, time.Duration(waitSeconds) * time.Second, time.Duration(visibilitySeconds) * time.Second, nil
}

// answer is the message as a receive shows it: of what is known about it, only what was asked for.
func (m *message) answer(in *sqsInput) map[string]any {
	out := map[string]any{"MessageId": m.id, "ReceiptHandle": m.receipt, "Body": m.body, "MD5OfBody": md5Of([]byte(m.body))}
	if system := m.systemAttributes(append(in.MessageSystemAttributeNames, in.AttributeNames...)); len(system) > 0 {
		out["Attributes"] = system
	}
	asked := maps.Clone(m.attributes)
	maps.DeleteFunc(asked, func(name string, _ messageAttribute) bool { return !isAsked(in.MessageAttributeNames, name) })
	if len(asked) > 0 {
		out["MessageAttributes"], out["MD5OfMessageAttributes"] = asked, md5OfAttributes(asked)
	}
	return out
}

func (m *message) systemAttributes(names []string) map[string]string {
	all := map[string]string{
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.firstReceive.UnixMilli(), 10),
		"SentTimestamp":                    strconv.FormatInt(m.sent.UnixMilli(), 10),
		"SenderId":                         "AIDALOCAL",
	}
	if m.buriedFrom != "" {
		all["DeadLetterQueueSourceArn"] = m.buriedFrom
	}
	if !slices.Contains(names, "All") {
		maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(names, name) })
	}
	return all
}

// isAsked says whether a message attribute is among those of a receive: All and .* are every one, and prefix.* those that begin so.
func isAsked(names []string, name string) bool {
	return slices.ContainsFunc(names, func(asked string) bool {
		prefix, star := strings.CutSuffix(asked, ".*")
		return asked == "All" || asked == name || star && strings.HasPrefix(name, prefix)
	})
}
