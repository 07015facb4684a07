package localaws

import (
	"net/http"
	"regexp"
)

// maxBatch is what the messages of a batch may have together, in bytes.
const maxBatch = 1 << 20

// batch answers 200 with an outcome for each entry.
func (s *Server) batch(q *queue, operation string, entries []sqsEntry) (any, *sqsError) {
	if err := checkBatch(entries); err != nil {
		return nil, err
	}
	successful, failed := []map[string]string{}, []map[string]any{}
	for _, e := range entries {
		done, err := map[string]string{}, (*sqsError)(nil)
		switch operation {
		case "SendMessageBatch":
			done, err = s.sendMessage(q, &e)
		case "DeleteMessageBatch":
			err = s.deleteMessage(q, e.ReceiptHandle)
		default:
			err = s.changeVisibility(q, &e)
		}
		if err != nil {
			failed = append(failed, map[string]any{"Id": e.Id, "SenderFault": err.status < http.StatusInternalServerError, "Code": err.legacy(), "Message": err.message})
			continue
		}
		done["Id"] = e.Id
		successful = append(successful, done)
	}
	return map[string]any{"Successful": successful, "Failed": failed}, nil
}

func checkBatch(entries []sqsEntry) *sqsError {
	if len(entries) == 0 {
		return sqsFault("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(entries) > 10 {
		return sqsFault("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent %d.", len(entries))
	}
	seen, size := map[string]bool{}, 0
	for _, e := range entries {
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`).MatchString(e.Id) {
			return sqsFault("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[e.Id] {
			return sqsFault("BatchEntryIdsNotDistinct", "Id %s repeated.", e.Id)
		}
		seen[e.Id] = true
		size += e.size()
	}
	if size > maxBatch {
		return sqsFault("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxBatch, size)
	}
	return nil
}
