package localaws

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxDestinations is how many entries a notification document may have.
const maxDestinations = 100

// notificationConfiguration is the document. Only queues have an effect here; what others put beside them is kept.
type notificationConfiguration struct {
	XMLName     xml.Name
	Topics      []destination `xml:"TopicConfiguration"`
	Queues      []destination `xml:"QueueConfiguration"`
	Functions   []destination `xml:"CloudFunctionConfiguration"`
	EventBridge *struct{}     `xml:"EventBridgeConfiguration"`
}

// destination is where some events go. One of Topic, Queue and CloudFunction is set.
type destination struct {
	ID            string       `xml:"Id"`
	Topic         string       `xml:",omitempty"`
	Queue         string       `xml:",omitempty"`
	CloudFunction string       `xml:",omitempty"`
	Events        []string     `xml:"Event"`
	Rules         []filterRule `xml:"Filter>S3Key>FilterRule"`
}

type filterRule struct{ Name, Value string }

// rule is the prefix or the suffix that keys must have. Special characters are URL-encoded in a rule.
func (d *destination) rule(name string) string {
	for _, r := range d.Rules {
		if strings.EqualFold(r.Name, name) {
			if v, err := url.QueryUnescape(r.Value); err == nil {
				return v
			}
		}
	}
	return ""
}

func (d *destination) matches(event, key string) bool {
	if !strings.HasPrefix(key, d.rule("prefix")) || !strings.HasSuffix(key, d.rule("suffix")) {
		return false
	}
	return slices.ContainsFunc(d.Events, func(e string) bool { return overlap(strings.TrimPrefix(e, "s3:"), event) })
}

// overlap says whether two event names, each of which may end in a star, have an event in common.
func overlap(a, b string) bool {
	short, star := strings.CutSuffix(a, "*")
	other, otherStar := strings.CutSuffix(b, "*")
	return a == b || star && strings.HasPrefix(other, short) || otherStar && strings.HasPrefix(short, other)
}

// overlaps says whether one event could match both: then S3 refuses the document.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
func (d *destination) overlaps(other *destination) bool {
	events := slices.ContainsFunc(d.Events, func(a string) bool {
		return slices.ContainsFunc(other.Events, func(b string) bool { return overlap(a, b) })
	})
	prefix, otherPrefix := d.rule("prefix"), other.rule("prefix")
	suffix, otherSuffix := d.rule("suffix"), other.rule("suffix")
	return events && (strings.HasPrefix(prefix, otherPrefix) || strings.HasPrefix(otherPrefix, prefix)) &&
		(strings.HasSuffix(suffix, otherSuffix) || strings.HasSuffix(otherSuffix, suffix))
}

// putNotification checks the document as S3 does, sends the test event to every queue in it, and returns it as it is kept: every entry with an ID.
// The caller holds the lock.
func (s *Server) putNotification(r *http.Request, b *bucket, body []byte) ([]byte, *s3Error) {
	var c notificationConfiguration
	if xml.Unmarshal(body, &c) != nil || c.XMLName.Local != "NotificationConfiguration" {
		return nil, malformedXML()
	}
	c.XMLName.Space = s3Namespace
	if err := c.check(); err != nil {
		return nil, err
	}
	for _, d := range c.Queues {
		if q := s.queueByARN(d.Queue); r.Header.Get("x-amz-skip-destination-validation") != "true" && !s.mayNotify(b, q) {
			return nil, fault(http.StatusBadRequest, "InvalidArgument", "Unable to validate the following destination configurations")
		}
	}
	b.notify = c
	queues := map[string]bool{}
	for _, d := range c.Queues {
		if !queues[d.Queue] {
			s.emit(b, d.Queue, testEvent(b.name))
		}
		queues[d.Queue] = true
	}
	return mustXML(c), nil
}

// check finds what S3 refuses whatever the destinations are, and gives IDs to entries that have none.
func (c *notificationConfiguration) check() *s3Error {
	var all []*destination
	for _, list := range [][]destination{c.Topics, c.Queues, c.Functions} {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	invalid := func(message string) *s3Error { return fault(http.StatusBadRequest, "InvalidArgument", "%s", message) }
	if len(all) > maxDestinations {
		return invalid("The notification configuration has too many entries")
	}
	for i, d := range all {
		if d.ID == "" {
			d.ID = randomID(16)
		}
		if message := d.check(); message != "" {
			return invalid(message)
		}
		for _, other := range all[:i] {
			if other.ID == d.ID {
				return invalid("Same ID used for multiple configurations. IDs must be unique.")
			}
			if d.overlaps(other) {
				return invalid("Configurations overlap. Configurations on the same bucket cannot share a common event type.")
			}
		}
	}
	return nil
}

// check says what is wrong with the entry by itself, or nothing.
func (d *destination) check() string {
	known := []string{"s3:ObjectCreated:", "s3:ObjectRemoved:", "s3:ObjectRestore:", "s3:ReducedRedundancyLostObject", "s3:Replication:",
		"s3:LifecycleTransition", "s3:LifecycleExpiration:", "s3:IntelligentTiering", "s3:ObjectTagging:", "s3:ObjectAcl:Put"}
	if len(d.Events) == 0 {
		return "The notification configuration has no event"
	}
	for _, e := range d.Events {
		if !slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(e, k) }) {
			return "The event '" + e + "' is not supported for notifications"
		}
	}
	seen := map[string]bool{}
	for _, r := range d.Rules {
		name := strings.ToLower(r.Name)
		switch {
		case name != "prefix" && name != "suffix":
			return "filter rule name must be either prefix or suffix"
		case seen[name]:
			return "Cannot specify more than one " + name + " rule in a filter."
		case len(r.Value) > 1024:
			return "Size of filter rule value cannot exceed 1024 bytes in UTF-8"
		}
		seen[name] = true
	}
	return ""
}
