package bootstrap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// notificationID is how flowd knows its own entry.
const notificationID = "flowd"

// notificationSuffix keeps other files of the bucket out. The prefix is plain `AWSLogs/`, because how S3 wants the `=` of Hive folders in a
// filter is not documented.
const notificationSuffix = ".log.gz"

func (s *Setup) wantedNotification() types.QueueConfiguration {
	return types.QueueConfiguration{
		Id: aws.String(notificationID), QueueArn: aws.String(s.cfg.queueARN(s.cfg.Queue)), Events: []types.Event{types.EventS3ObjectCreated},
		Filter: &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: []types.FilterRule{
			{Name: types.FilterRuleNamePrefix, Value: aws.String(s.cfg.folder() + "AWSLogs/")},
			{Name: types.FilterRuleNameSuffix, Value: aws.String(notificationSuffix)},
		}}},
	}
}

// inspectNotification merges: the document is written as a whole, so everything that others put there goes back.
func (s *Setup) inspectNotification(ctx context.Context) ([]Step, error) {
	name := "notification of bucket " + s.cfg.Bucket
	have, err := s.aws.S3.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &s.cfg.Bucket})
	if err != nil && !absent(err) {
		return nil, fmt.Errorf("reading the %s: %w", name, err)
	}
	if err != nil {
		have = &s3.GetBucketNotificationConfigurationOutput{}
	}
	want := s.wantedNotification()
	merged, ours := []types.QueueConfiguration{}, false
	for _, q := range have.QueueConfigurations {
		if aws.ToString(q.Id) != notificationID {
			merged = append(merged, q)
			continue
		}
		ours = sameNotification(q, want)
	}
	if ours {
		return nil, nil
	}
	if err := s.findOverlap(have); err != nil {
		return nil, fmt.Errorf("the %s: %w", name, err)
	}
	document := &types.NotificationConfiguration{
		QueueConfigurations: append(merged, want), TopicConfigurations: have.TopicConfigurations,
		LambdaFunctionConfigurations: have.LambdaFunctionConfigurations, EventBridgeConfiguration: have.EventBridgeConfiguration,
	}
	return []Step{{name, fmt.Sprintf("announce new objects below %sAWSLogs/ to queue %s; %d entries of others stay", s.cfg.folder(), s.cfg.Queue, len(merged)+len(have.TopicConfigurations)+len(have.LambdaFunctionConfigurations)), func(ctx context.Context) error {
		return s.retry(ctx, notValidated, func() error {
			_, err := s.aws.S3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: &s.cfg.Bucket, NotificationConfiguration: document})
			return err
		})
	}}}, nil
}

// notValidated is how S3 answers while the queue or its policy is still on its way, and also when they are wrong.
func notValidated(err error) bool {
	return codeOf(err) == "InvalidArgument" && strings.Contains(err.Error(), "Unable to validate the following destination configurations")
}

func sameNotification(a, b types.QueueConfiguration) bool {
	prefixA, suffixA := filters(a.Filter)
	prefixB, suffixB := filters(b.Filter)
	return aws.ToString(a.QueueArn) == aws.ToString(b.QueueArn) && slices.Equal(a.Events, b.Events) && prefixA == prefixB && suffixA == suffixB
}

func filters(f *types.NotificationConfigurationFilter) (prefix, suffix string) {
	if f == nil || f.Key == nil {
		return "", ""
	}
	for _, r := range f.Key.FilterRules {
		if strings.EqualFold(string(r.Name), "prefix") {
			prefix = aws.ToString(r.Value)
		} else {
			suffix = aws.ToString(r.Value)
		}
	}
	return prefix, suffix
}

// findOverlap names the rule that S3 would refuse ours for.
func (s *Setup) findOverlap(have *s3.GetBucketNotificationConfigurationOutput) error {
	check := func(id *string, events []types.Event, f *types.NotificationConfigurationFilter) error {
		prefix, suffix := filters(f)
		created := slices.ContainsFunc(events, func(e types.Event) bool { return strings.HasPrefix(string(e), "s3:ObjectCreated:") })
		want := s.cfg.folder() + "AWSLogs/"
		if aws.ToString(id) == notificationID || !created || !related(prefix, want, strings.HasPrefix) || !related(suffix, notificationSuffix, strings.HasSuffix) {
			return nil
		}
		return fmt.Errorf("rule %q (prefix %q, suffix %q) is in the way: S3 allows one rule per object and event; narrow it, or send its events to an SNS topic that both read", aws.ToString(id), prefix, suffix)
	}
	for _, q := range have.QueueConfigurations {
		if err := check(q.Id, q.Events, q.Filter); err != nil {
			return err
		}
	}
	for _, t := range have.TopicConfigurations {
		if err := check(t.Id, t.Events, t.Filter); err != nil {
			return err
		}
	}
	for _, l := range have.LambdaFunctionConfigurations {
		if err := check(l.Id, l.Events, l.Filter); err != nil {
			return err
		}
	}
	return nil
}

func related(a, b string, has func(string, string) bool) bool { return has(a, b) || has(b, a) }
