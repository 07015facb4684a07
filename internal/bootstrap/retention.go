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

// What the lifecycle rule does besides, in days.
const (
	// noncurrentDays leave time to get back an object that was deleted by mistake in a bucket with versions.
	noncurrentDays = 30
	// abortDays end uploads that nobody will finish, and that are billed.
	abortDays = 7
)

// maxLifecycleRules is S3's limit for a bucket.
const maxLifecycleRules = 1000

func (c Config) retentionRules() []types.LifecycleRule {
	var rules []types.LifecycleRule
	for _, prefix := range c.keyPrefixes() {
		rules = append(rules, types.LifecycleRule{
			ID: aws.String(unique("flowd-retention-", prefix)), Status: types.ExpirationStatusEnabled,
			Filter:                         &types.LifecycleRuleFilter{Prefix: aws.String(prefix)},
			Expiration:                     &types.LifecycleExpiration{Days: aws.Int32(c.retentionDays())},
			NoncurrentVersionExpiration:    &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(noncurrentDays)},
			AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(abortDays)},
		})
	}
	return rules
}

// lookAtRetention merges: the document is written as a whole, so the rules of others go back as they were.
func (p *planner) lookAtRetention(ctx context.Context) error {
	if p.cfg.Retention == 0 {
		return nil
	}
	var have *s3.GetBucketLifecycleConfigurationOutput
	if !p.fresh {
		var err error
		if have, err = p.lifecycle(ctx); err != nil {
			return err
		}
		p.warnOfShorterRules(have.Rules)
	}
	merged, changed := mergeRules(rulesOf(have), p.cfg.retentionRules())
	prefixes := strings.Join(p.cfg.keyPrefixes(), " and ")
	switch {
	case !changed:
		p.found("%s deletes what is below %s after %s", p.cfg.bucketName(), prefixes, p.cfg.kept())
	case len(merged) > maxLifecycleRules:
		p.refuse("%s has %d lifecycle rules, and S3 takes %d; remove one, or give no --bootstrap.retention", p.cfg.bucketName(), len(rulesOf(have)), maxLifecycleRules)
	default:
		p.step(p.cfg.bucketName(), fmt.Sprintf("delete what is below %s after %s%s", prefixes, p.cfg.kept(), stay(len(merged)-len(p.cfg.retentionRules()), "lifecycle rule")), p.writeRetention)
	}
	return nil
}

func rulesOf(have *s3.GetBucketLifecycleConfigurationOutput) []types.LifecycleRule {
	if have == nil {
		return nil
	}
	return have.Rules
}

// warnOfShorterRules names the rules of others that delete flow logs before their time.
func (p *planner) warnOfShorterRules(rules []types.LifecycleRule) {
	for _, r := range rules {
		if r.Status != types.ExpirationStatusEnabled || r.Expiration == nil || aws.ToInt32(r.Expiration.Days) == 0 || aws.ToInt32(r.Expiration.Days) >= p.cfg.retentionDays() || narrowed(r.Filter) {
			continue
		}
		if strings.HasPrefix(p.cfg.keyPrefixes()[0], rulePrefix(r)) && !strings.HasPrefix(aws.ToString(r.ID), "flowd-retention-") {
			p.warn("lifecycle rule %q of %s deletes flow logs after %s already, before the %s that are asked for", aws.ToString(r.ID), p.cfg.bucketName(), count(int(*r.Expiration.Days), "day"), p.cfg.kept())
		}
	}
}

// narrowed says that a filter looks at more than the prefix, so that nobody can tell whether it matches.
func narrowed(f *types.LifecycleRuleFilter) bool {
	return f != nil && (f.And != nil || f.Tag != nil || f.ObjectSizeGreaterThan != nil || f.ObjectSizeLessThan != nil)
}

func rulePrefix(r types.LifecycleRule) string {
	if r.Filter != nil {
		return aws.ToString(r.Filter.Prefix)
	}
	return aws.ToString(r.Prefix) //nolint:staticcheck // Old rules have it, and it counts.
}

// mergeRules mends the rules with our IDs and puts what is missing at the end. Transitions that somebody added to our rules stay.
func mergeRules(have, ours []types.LifecycleRule) (merged []types.LifecycleRule, changed bool) {
	merged = slices.Clone(have)
	for _, want := range ours {
		i := slices.IndexFunc(merged, func(r types.LifecycleRule) bool { return aws.ToString(r.ID) == aws.ToString(want.ID) })
		switch {
		case i < 0:
			merged, changed = append(merged, want), true
		case !sameRule(merged[i], want):
			want.Transitions, want.NoncurrentVersionTransitions = merged[i].Transitions, merged[i].NoncurrentVersionTransitions
			merged[i], changed = want, true
		}
	}
	return merged, changed
}

// sameRule compares what keeps objects as long as is asked for, and no longer.
func sameRule(have, want types.LifecycleRule) bool {
	return have.Status == want.Status && rulePrefix(have) == rulePrefix(want) && !narrowed(have.Filter) &&
		have.Expiration != nil && aws.ToInt32(have.Expiration.Days) == aws.ToInt32(want.Expiration.Days)
}

func (s *Setup) lifecycle(ctx context.Context) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	out, err := s.aws.S3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID})
	if absent(err) {
		return &s3.GetBucketLifecycleConfigurationOutput{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the lifecycle rules of %s: %w", s.cfg.bucketName(), err)
	}
	return out, nil
}

func (s *Setup) writeRetention(ctx context.Context) error {
	have, err := s.lifecycle(ctx)
	if err != nil {
		return err
	}
	merged, changed := mergeRules(have.Rules, s.cfg.retentionRules())
	if !changed {
		return nil
	}
	_, err = s.aws.S3.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID, TransitionDefaultMinimumObjectSize: have.TransitionDefaultMinimumObjectSize,
		LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: merged},
	})
	return err
}
