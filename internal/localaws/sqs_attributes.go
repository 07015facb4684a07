package localaws

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// defaultAttributes are those of a new queue.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
func defaultAttributes() map[string]string {
	return map[string]string{
		"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
		"VisibilityTimeout": "30", "SqsManagedSseEnabled": "true",
	}
}

// limits are the numbers that attributes may have.
func limits() map[string][2]int {
	return map[string][2]int{
		"DelaySeconds": {0, 900}, "MaximumMessageSize": {1024, 1 << 20}, "MessageRetentionPeriod": {60, 1209600},
		"ReceiveMessageWaitTimeSeconds": {0, 20}, "VisibilityTimeout": {0, 43200}, "KmsDataKeyReusePeriodSeconds": {60, 86400},
	}
}

// maxQueuePolicy is SQS's limit, in bytes.
const maxQueuePolicy = 8192

// setAttributes merges: what is not named stays. Nothing is set when one of them is refused.
func (s *Server) setAttributes(q *queue, attributes map[string]string) *sqsError {
	for name, value := range attributes {
		if err := s.checkAttribute(q, name, value); err != nil {
			return err
		}
	}
	maps.Copy(q.attributes, attributes)
	if attributes["KmsMasterKeyId"] != "" {
		q.attributes["SqsManagedSseEnabled"] = "false"
	}
	maps.DeleteFunc(q.attributes, func(_, value string) bool { return value == "" })
	q.modified = time.Now()
	q.wakeUp()
	return nil
}

func (s *Server) checkAttribute(q *queue, name, value string) *sqsError {
	valid := true
	switch name {
	case "Policy":
		valid = value == "" || malformedPolicy([]byte(value), maxQueuePolicy) == ""
	case "RedrivePolicy":
		return s.checkRedrive(q, value)
	case "RedriveAllowPolicy":
		valid = value == "" || json.Valid([]byte(value))
	case "SqsManagedSseEnabled":
		_, err := strconv.ParseBool(value)
		valid = err == nil
	case "KmsMasterKeyId":
	default:
		limit, known := limits()[name]
		if !known {
			return sqsFault("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
		n, err := strconv.Atoi(value)
		valid = err == nil && n >= limit[0] && n <= limit[1]
	}
	if !valid {
		return sqsFault("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
	}
	return nil
}

// checkRedrive wants a dead-letter queue that exists and lets itself be used, and a count from 1 to 1,000.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue.html
func (s *Server) checkRedrive(q *queue, value string) *sqsError {
	if value == "" {
		return nil
	}
	invalid := func(reason string) *sqsError {
		return invalidParameter("Value %s for parameter RedrivePolicy is invalid. Reason: %s", value, reason)
	}
	var p redrivePolicy
	if err := json.Unmarshal([]byte(value), &p); err != nil {
		return invalid("Redrive policy is not a valid JSON map.")
	}
	if n, err := strconv.Atoi(string(p.Most)); err != nil || n < 1 || n > 1000 {
		return invalid("Invalid value for maxReceiveCount: it must be an integer from 1 to 1000.")
	}
	target := s.queueByARN(p.Target)
	switch {
	case target == nil:
		return invalid("Dead letter target does not exist.")
	case !target.takesDeadOf(q):
		return invalid("Dead letter target does not allow this queue to use it.")
	}
	return nil
}

// takesDeadOf asks the queue's redrive allow policy; without one every queue of the account may use it.
func (q *queue) takesDeadOf(source *queue) bool {
	var allow struct {
		Permission string   `json:"redrivePermission"`
		Sources    []string `json:"sourceQueueArns"`
	}
	if json.Unmarshal([]byte(q.attributes["RedriveAllowPolicy"]), &allow) != nil {
		return true
	}
	return allow.Permission == "allowAll" || allow.Permission == "byQueue" && slices.Contains(allow.Sources, source.attributes["QueueArn"])
}

// readAttributes answers GetQueueAttributes. Nothing is read unless it is asked for.
func readAttributes(q *queue, in *sqsInput) (any, *sqsError) {
	visible, inFlight, delayed := q.counts()
	all := maps.Clone(q.attributes)
	all["ApproximateNumberOfMessages"] = strconv.Itoa(visible)
	all["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(inFlight)
	all["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(delayed)
	all["CreatedTimestamp"] = strconv.FormatInt(q.created.Unix(), 10)
	all["LastModifiedTimestamp"] = strconv.FormatInt(q.modified.Unix(), 10)
	if slices.Contains(in.AttributeNames, "All") {
		return map[string]any{"Attributes": all}, nil
	}
	for _, name := range in.AttributeNames {
		settable := slices.Contains([]string{"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"}, name)
		if _, known := all[name]; !known && !settable {
			return nil, sqsFault("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(in.AttributeNames, name) })
	return map[string]any{"Attributes": all}, nil
}
