package bootstrap

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// rule is a notification, whatever it notifies.
type rule struct {
	id, target, prefix, suffix string
	events                     []types.Event
}

func rules(n *types.NotificationConfiguration) []rule {
	var all []rule
	add := func(id, target *string, events []types.Event, f *types.NotificationConfigurationFilter) {
		prefix, suffix := filters(f)
		all = append(all, rule{aws.ToString(id), aws.ToString(target), prefix, suffix, events})
	}
	for _, q := range n.QueueConfigurations {
		add(q.Id, q.QueueArn, q.Events, q.Filter)
	}
	for _, t := range n.TopicConfigurations {
		add(t.Id, t.TopicArn, t.Events, t.Filter)
	}
	for _, l := range n.LambdaFunctionConfigurations {
		add(l.Id, l.LambdaFunctionArn, l.Events, l.Filter)
	}
	return all
}

// filters are what a rule looks at, decoded: people and S3 write a blank as a plus.
func filters(f *types.NotificationConfigurationFilter) (prefix, suffix string) {
	if f == nil || f.Key == nil {
		return "", ""
	}
	for _, r := range f.Key.FilterRules {
		value := aws.ToString(r.Value)
		if decoded, err := url.QueryUnescape(value); err == nil {
			value = decoded
		}
		if strings.EqualFold(string(r.Name), "prefix") {
			prefix = value
		} else {
			suffix = value
		}
	}
	return prefix, suffix
}

// announcing is the Id of a rule that does what is wanted, whoever wrote it; empty when there is none.
func (c Config) announcing(have *types.NotificationConfiguration) string {
	for _, r := range rules(have) {
		if r.target == c.queueARN(c.Queue) && slices.Contains(r.events, types.EventS3ObjectCreated) &&
			strings.HasPrefix(c.announced(), r.prefix) && strings.HasSuffix(notificationSuffix, r.suffix) {
			return r.id
		}
	}
	return ""
}

// obstacle is why S3 would refuse our rule, with the name of the rule that is in the way.
func (c Config) obstacle(have *types.NotificationConfiguration) error {
	all, own := rules(c.merged(have)), aws.ToString(c.wantedNotification().Id)
	for _, r := range all {
		created := slices.ContainsFunc(r.events, func(e types.Event) bool { return strings.HasPrefix(string(e), "s3:ObjectCreated:") })
		if r.id == own || !created || !related(r.prefix, c.announced(), strings.HasPrefix) || !related(r.suffix, notificationSuffix, strings.HasSuffix) {
			continue
		}
		return fmt.Errorf("rule %q (prefix %q, suffix %q, to %s) is in the way of one for prefix %q and suffix %q: S3 takes one rule for an object and event; narrow it, remove it if nobody needs it, give another --bootstrap.bucket, or let it notify an SNS topic to which both subscribe", r.id, r.prefix, r.suffix, r.target, c.announced(), notificationSuffix)
	}
	if len(all) > maxNotifications {
		return fmt.Errorf("there are %d rules, and S3 takes %d: remove one, or give another --bootstrap.bucket", len(all)-1, maxNotifications)
	}
	return nil
}

func related(a, b string, has func(string, string) bool) bool { return has(a, b) || has(b, a) }
