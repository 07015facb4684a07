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

// notificationSuffix keeps other files of the bucket out.
const notificationSuffix = ".log.gz"

// maxNotifications is S3's limit for a bucket.
const maxNotifications = 100

// announced is the prefix of what S3 announces: the beginning of the key prefix up to the first character that S3 wants encoded in a filter, where
// readings differ on how. What is announced beyond flowd's own prefix is dropped when it is received.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
func (c Config) announced() string {
	prefix := c.keyPrefixes()[0]
	special := func(r rune) bool { return !strings.ContainsRune(plainCharacters, r) }
	if i := strings.IndexFunc(prefix, special); i >= 0 {
		return prefix[:i]
	}
	return prefix
}

const plainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"

// wantedNotification has an Id of its own for every queue and folder, so that several set-ups may share a bucket.
func (c Config) wantedNotification() types.QueueConfiguration {
	filter := []types.FilterRule{{Name: types.FilterRuleNameSuffix, Value: aws.String(notificationSuffix)}}
	if prefix := c.announced(); prefix != "" {
		filter = append(filter, types.FilterRule{Name: types.FilterRuleNamePrefix, Value: &prefix})
	}
	return types.QueueConfiguration{
		Id: aws.String(unique("flowd-", c.queueARN(c.Queue), c.Prefix)), QueueArn: aws.String(c.queueARN(c.Queue)), Events: []types.Event{types.EventS3ObjectCreated},
		Filter: &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: filter}},
	}
}

// lookAtNotification merges: the document is written as a whole, so everything that others put there goes back.
func (p *planner) lookAtNotification(ctx context.Context) error {
	have, err := p.notifications(ctx)
	if err != nil {
		return err
	}
	name := "notification of " + p.cfg.bucketName()
	if id := p.cfg.announcing(have); id != "" {
		p.found("%s: rule %q announces new objects below %s to queue %s", name, id, p.cfg.announced(), p.cfg.Queue)
		return nil
	}
	if err := p.cfg.obstacle(have); err != nil {
		p.refuse("%s: %w", name, err)
		return nil
	}
	others := len(rules(p.cfg.merged(have))) - 1
	p.step(name, fmt.Sprintf("announce new objects below %s that end in %s to queue %s%s", p.cfg.announced(), notificationSuffix, p.cfg.Queue, stay(others, "rule")), p.writeNotification)
	p.warnOfQueueKey()
	return nil
}

func (s *Setup) notifications(ctx context.Context) (*types.NotificationConfiguration, error) {
	out, err := s.aws.S3.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID})
	if absent(err) {
		return &types.NotificationConfiguration{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the notification of %s: %w", s.cfg.bucketName(), err)
	}
	return &types.NotificationConfiguration{
		QueueConfigurations: out.QueueConfigurations, TopicConfigurations: out.TopicConfigurations,
		LambdaFunctionConfigurations: out.LambdaFunctionConfigurations, EventBridgeConfiguration: out.EventBridgeConfiguration,
	}, nil
}

// merged puts our rule in the place of an earlier one of ours, or at the end.
func (c Config) merged(have *types.NotificationConfiguration) *types.NotificationConfiguration {
	out, want := *have, c.wantedNotification()
	out.QueueConfigurations = append(slices.DeleteFunc(slices.Clone(have.QueueConfigurations), func(q types.QueueConfiguration) bool {
		return aws.ToString(q.Id) == aws.ToString(want.Id)
	}), want)
	return &out
}

func (s *Setup) writeNotification(ctx context.Context) error {
	have, err := s.notifications(ctx)
	if err != nil {
		return err
	}
	if err := s.cfg.obstacle(have); err != nil {
		return err
	}
	_, err = s.aws.S3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
		Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID, NotificationConfiguration: s.cfg.merged(have),
	})
	return err
}
