package localaws

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Times that SQS wants between calls.
const (
	afterDelete = time.Minute // Before a name may be used again.
	afterPurge  = time.Minute // Before the next purge.
)

// createQueue is idempotent as long as the attributes that are named have the values that the queue has.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
func (s *Server) createQueue(r *http.Request, in *sqsInput) (any, *sqsError) {
	if strings.HasSuffix(in.QueueName, ".fifo") || in.Attributes["FifoQueue"] == "true" {
		return nil, sqsFault("UnsupportedOperation", "FIFO queues are not part of this endpoint")
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`).MatchString(in.QueueName) {
		return nil, invalidParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[in.QueueName]; q != nil {
		for name, value := range in.Attributes {
			if q.attributes[name] != value {
				return nil, sqsFault("QueueNameExists", "A queue already exists with the same name and a different value for attribute %s", name)
			}
		}
		return map[string]string{"QueueUrl": s.urlOf(r, q.name)}, nil
	}
	if time.Since(s.deleted[in.QueueName]) < afterDelete {
		return nil, sqsFault("QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	q := s.newQueue(in.QueueName)
	if err := s.setAttributes(q, in.Attributes); err != nil {
		return nil, err
	}
	maps.Copy(q.tags, in.Tags)
	s.queues[q.name] = q
	return map[string]string{"QueueUrl": s.urlOf(r, q.name)}, nil
}

func (s *Server) newQueue(name string) *queue {
	q := &queue{
		name: name, id: randomID(8), attributes: defaultAttributes(), tags: map[string]string{}, created: time.Now(), changed: make(chan struct{}),
	}
	q.attributes["QueueArn"] = "arn:aws:sqs:" + s.cfg.Region + ":" + s.cfg.AccountID + ":" + name
	return q
}

func (s *Server) urlOf(r *http.Request, name string) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + "/" + s.cfg.AccountID + "/" + name
}

func (s *Server) queueURL(r *http.Request, in *sqsInput) (any, *sqsError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if owner := in.QueueOwnerAWSAccountId; s.queues[in.QueueName] == nil || owner != "" && owner != s.cfg.AccountID {
		return nil, noQueue()
	}
	return map[string]string{"QueueUrl": s.urlOf(r, in.QueueName)}, nil
}

// listQueues pages only when it is asked to. The token is the last name of the page.
func (s *Server) listQueues(r *http.Request, in *sqsInput) (any, *sqsError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := valueOr(in.MaxResults, 1000)
	if most < 1 || most > 1000 {
		return nil, invalidParameter("Value %d for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.", most)
	}
	names := slices.Sorted(maps.Keys(s.queues))
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, in.QueueNamePrefix) || name <= in.NextToken })
	out, urls := map[string]any{}, []string{}
	for i, name := range names[:min(most, len(names))] {
		urls = append(urls, s.urlOf(r, name))
		if i == most-1 && in.MaxResults != nil && len(names) > most {
			out["NextToken"] = name
		}
	}
	out["QueueUrls"] = urls
	return out, nil
}

// deleteQueue lets every waiting receive find out.
func (s *Server) deleteQueue(q *queue, _ *sqsInput) *sqsError {
	delete(s.queues, q.name)
	s.deleted[q.name] = time.Now()
	q.wakeUp()
	return nil
}

func purgeQueue(q *queue, _ *sqsInput) *sqsError {
	if time.Since(q.purged) < afterPurge {
		return sqsFault("PurgeQueueInProgress", "Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
	}
	q.messages, q.purged = nil, time.Now()
	return nil
}

func tagQueue(q *queue, in *sqsInput) *sqsError {
	maps.Copy(q.tags, in.Tags)
	return nil
}

func untagQueue(q *queue, in *sqsInput) *sqsError {
	for _, key := range in.TagKeys {
		delete(q.tags, key)
	}
	return nil
}

func valueOr(v *int, fallback int) int {
	if v == nil {
		return fallback
	}
	return *v
}
