package localaws

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// sqsError is an error as SQS answers it.
type sqsError struct {
	status        int
	code, message string
}

func (e *sqsError) Error() string { return e.code + ": " + e.message }

func sqsFault(code, format string, args ...any) *sqsError {
	return &sqsError{sqsStatus(code), code, fmt.Sprintf(format, args...)}
}

// sqsStatus is the HTTP status that the service model gives an error.
func sqsStatus(code string) int {
	switch code {
	case "PurgeQueueInProgress", "OverLimit":
		return http.StatusForbidden
	case "ReceiptHandleIsInvalid", "InvalidAddress":
		return http.StatusNotFound
	case "UnsupportedOperation":
		return http.StatusNotImplemented
	}
	return http.StatusBadRequest
}

// legacy is the code that clients of the older protocol know, and that the SDK shows.
func (e *sqsError) legacy() string {
	switch e.code {
	case "QueueDoesNotExist":
		return "AWS.SimpleQueueService.NonExistentQueue"
	case "QueueNameExists":
		return "QueueAlreadyExists"
	case "BatchEntryIdsNotDistinct", "BatchRequestTooLong", "EmptyBatchRequest", "InvalidBatchEntryId", "MessageNotInflight",
		"PurgeQueueInProgress", "QueueDeletedRecently", "TooManyEntriesInBatchRequest", "UnsupportedOperation":
		return "AWS.SimpleQueueService." + e.code
	}
	return e.code
}

func noQueue() *sqsError {
	return sqsFault("QueueDoesNotExist", "The specified queue does not exist.")
}

func invalidParameter(format string, args ...any) *sqsError {
	return sqsFault("InvalidParameterValue", format, args...)
}

// sqsInput has every member of the requests that are understood.
type sqsInput struct {
	QueueName, QueueUrl, QueueNamePrefix string
	QueueOwnerAWSAccountId, NextToken    string
	MaxResults                           *int
	Attributes                           map[string]string
	AttributeNames                       []string
	Tags                                 map[string]string // Two operations spell it differently; the decoder takes both.
	TagKeys                              []string
	MaxNumberOfMessages                  *int
	WaitTimeSeconds                      *int
	MessageSystemAttributeNames          []string
	MessageAttributeNames                []string
	Entries                              []sqsEntry
	sqsEntry
}

// sqsEntry is about one message: alone in a request, or one of a batch.
type sqsEntry struct {
	Id, ReceiptHandle, MessageBody string
	VisibilityTimeout              *int
	DelaySeconds                   *int
	MessageAttributes              map[string]messageAttribute
}

func (s *Server) serveSQS(w http.ResponseWriter, r *http.Request, operation string) {
	in, fault := readSQS(r)
	if fault != nil {
		writeSQSError(w, fault)
		return
	}
	out, fault := s.callSQS(r, operation, in)
	if fault != nil {
		writeSQSError(w, fault)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	io.WriteString(w, mustJSON(out))
}

// readSQS refuses members that are not understood: to leave one out would be to do something else than what was asked.
func readSQS(r *http.Request) (*sqsInput, *sqsError) {
	var in sqsInput
	decoder := json.NewDecoder(io.LimitReader(r.Body, 4<<20))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	if err != nil && strings.Contains(err.Error(), "unknown field") {
		return nil, sqsFault("UnsupportedOperation", "The request has what is not part of this endpoint: %v", err)
	}
	if err != nil {
		return nil, sqsFault("InvalidMessageContents", "The request does not parse: %v", err)
	}
	return &in, nil
}

func writeSQSError(w http.ResponseWriter, e *sqsError) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("x-amzn-query-error", e.legacy()+";Sender")
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
	call := s.queueCall(operation)
	if call == nil {
		return nil, sqsFault("UnsupportedOperation", "%s is not part of this endpoint", operation)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return call(q, in)
}

// queueCall is an operation on one queue that needs no waiting, or nil. It is called with the lock held.
func (s *Server) queueCall(operation string) func(*queue, *sqsInput) (any, *sqsError) {
	nothing := func(do func(*queue, *sqsInput) *sqsError) func(*queue, *sqsInput) (any, *sqsError) {
		return func(q *queue, in *sqsInput) (any, *sqsError) { return struct{}{}, do(q, in) }
	}
	switch operation {
	case "DeleteQueue":
		return nothing(s.deleteQueue)
	case "PurgeQueue":
		return nothing(purgeQueue)
	case "TagQueue":
		return nothing(tagQueue)
	case "UntagQueue":
		return nothing(untagQueue)
	case "ListQueueTags":
		return func(q *queue, _ *sqsInput) (any, *sqsError) { return map[string]any{"Tags": q.tags}, nil }
	case "GetQueueAttributes":
		return readAttributes
	case "SetQueueAttributes":
		return nothing(func(q *queue, in *sqsInput) *sqsError { return s.setAttributes(q, in.Attributes) })
	case "SendMessage":
		return func(q *queue, in *sqsInput) (any, *sqsError) { return s.sendMessage(q, &in.sqsEntry) }
	case "DeleteMessage":
		return nothing(func(q *queue, in *sqsInput) *sqsError { return s.deleteMessage(q, in.ReceiptHandle) })
	case "ChangeMessageVisibility":
		return nothing(func(q *queue, in *sqsInput) *sqsError { return s.changeVisibility(q, &in.sqsEntry) })
	case "SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch":
		return func(q *queue, in *sqsInput) (any, *sqsError) { return s.batch(q, operation, in.Entries) }
	}
	return nil
}
