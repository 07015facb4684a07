package localaws

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// sqsError is an error as SQS answers it; legacy is the code that older clients know, and that the SDK may show.
type sqsError struct {
	status                int
	code, legacy, message string
}

func (e *sqsError) Error() string { return e.code + ": " + e.message }

func sqsFault(code, format string, args ...any) *sqsError {
	return &sqsError{http.StatusBadRequest, code, code, fmt.Sprintf(format, args...)}
}

func noQueue() *sqsError {
	return &sqsError{http.StatusBadRequest, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."}
}

// sqsInput has every member of the requests that are understood.
type sqsInput struct {
	QueueName, QueueUrl, QueueNamePrefix string
	Attributes                           map[string]string
	AttributeNames                       []string
	Tags                                 map[string]string `json:"tags"`
	MessageBody                          string
	DelaySeconds                         *int
	MaxNumberOfMessages                  *int
	WaitTimeSeconds                      *int
	VisibilityTimeout                    *int
	MessageSystemAttributeNames          []string
	ReceiptHandle                        string
	Entries                              []sqsEntry
}

type sqsEntry struct {
	Id, ReceiptHandle, MessageBody string
	VisibilityTimeout              *int
	DelaySeconds                   *int
}

func (s *Server) serveSQS(w http.ResponseWriter, r *http.Request, operation string) {
	var in sqsInput
	raw, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err == nil {
		err = json.Unmarshal(raw, &in)
	}
	if err != nil {
		writeSQSError(w, sqsFault("InvalidMessageContents", "The request does not parse: %v", err))
		return
	}
	out, fault := s.callSQS(r, operation, &in)
	if fault != nil {
		writeSQSError(w, fault)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	io.WriteString(w, mustJSON(out))
}

func writeSQSError(w http.ResponseWriter, e *sqsError) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("x-amzn-query-error", e.legacy+";Sender")
	w.WriteHeader(e.status)
	io.WriteString(w, mustJSON(map[string]string{"__type": "com.amazonaws.sqs#" + e.code, "message": e.message}))
}

func (s *Server) callSQS(r *http.Request, operation string, in *sqsInput) (any, *sqsError) {
	switch operation {
	case "CreateQueue":
		return s.createQueue(r, in)
	case "GetQueueUrl":
		return s.queueURL(r, in)
	case "ListQueues":
		return s.listQueues(r, in)
	case "ReceiveMessage":
		return s.receive(r.Context(), in)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[nameOf(in.QueueUrl)]
	if q == nil {
		return nil, noQueue()
	}
	switch operation {
	case "DeleteQueue":
		delete(s.queues, q.name)
		return struct{}{}, nil
	case "PurgeQueue":
		q.messages = nil
		return struct{}{}, nil
	case "TagQueue":
		return struct{}{}, nil
	case "GetQueueAttributes":
		return map[string]any{"Attributes": q.read(in.AttributeNames)}, nil
	case "SetQueueAttributes":
		return struct{}{}, s.setAttributes(q, in.Attributes)
	case "SendMessage":
		return s.sendMessage(q, in.MessageBody)
	case "DeleteMessage":
		return struct{}{}, s.deleteMessage(q, in.ReceiptHandle)
	case "ChangeMessageVisibility":
		return struct{}{}, s.changeVisibility(q, in.ReceiptHandle, in.VisibilityTimeout)
	case "SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch":
		return s.batch(q, operation, in.Entries)
	}
	return nil, &sqsError{http.StatusNotImplemented, "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", operation + " is not part of this endpoint"}
}

func nameOf(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

func (s *Server) urlOf(r *http.Request, name string) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + "/" + s.cfg.AccountID + "/" + name
}
