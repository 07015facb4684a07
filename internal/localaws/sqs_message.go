package localaws

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// messageAttribute is metadata that the sender gave a message.
type messageAttribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"`
}

func (a messageAttribute) value() []byte {
	if a.StringValue != nil {
		return []byte(*a.StringValue)
	}
	return a.BinaryValue
}

func (s *Server) sendMessage(q *queue, e *sqsEntry) (map[string]string, *sqsError) {
	if err := checkMessage(q, e); err != nil {
		return nil, err
	}
	m := &message{body: e.MessageBody, attributes: e.MessageAttributes}
	s.send(q, m, e.DelaySeconds)
	sent := map[string]string{"MessageId": m.id, "MD5OfMessageBody": md5Of([]byte(m.body))}
	if len(m.attributes) > 0 {
		sent["MD5OfMessageAttributes"] = md5OfAttributes(m.attributes)
	}
	return sent, nil
}

// checkMessage holds a message against the queue's limit and SQS's own.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func checkMessage(q *queue, e *sqsEntry) *sqsError {
	if e.MessageBody == "" {
		return sqsFault("MissingParameter", "The request must contain the parameter MessageBody.")
	}
	if !utf8.ValidString(e.MessageBody) || strings.ContainsFunc(e.MessageBody, notXML) {
		return sqsFault("InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
	}
	if limit := q.number("MaximumMessageSize"); e.size() > limit {
		return invalidParameter("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", limit)
	}
	if d := valueOr(e.DelaySeconds, 0); d < 0 || d > 900 {
		return invalidParameter("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", d)
	}
	if len(e.MessageAttributes) > 10 {
		return invalidParameter("Number of message attributes [%d] exceeds the allowed maximum [10].", len(e.MessageAttributes))
	}
	for name, a := range e.MessageAttributes {
		kind, _, _ := strings.Cut(a.DataType, ".")
		if !regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`).MatchString(name) || !slices.Contains([]string{"String", "Number", "Binary"}, kind) ||
			len(a.value()) == 0 || (kind == "Binary") != (a.StringValue == nil) {
			return invalidParameter("The message attribute '%s' must have a name and a value that are valid, and a type of String, Number or Binary.", name)
		}
	}
	return nil
}

func notXML(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

// size is what counts against the limits, in bytes: the body, and of every attribute its name, type and value.
func (e *sqsEntry) size() int {
	n := len(e.MessageBody)
	for name, a := range e.MessageAttributes {
		n += len(name) + len(a.DataType) + len(a.value())
	}
	return n
}

func md5Of(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// md5OfAttributes is over every attribute in order of its name: lengths in 4 bytes, big-endian, and a byte that tells text from binary.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
func md5OfAttributes(attributes map[string]messageAttribute) string {
	var b []byte
	add := func(v []byte) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...) }
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		add([]byte(name))
		add([]byte(a.DataType))
		if a.StringValue != nil {
			b = append(b, 1)
		} else {
			b = append(b, 2)
		}
		add(a.value())
	}
	return md5Of(b)
}
