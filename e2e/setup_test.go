package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// setupFlags make flowd set everything up by itself, and then serve.
func (s *site) setupFlags(endpoint, state string) flags {
	return flags{
		"aws.endpoint-url": endpoint, "aws.region": region, "bootstrap": "true", "bootstrap.bucket": s.setup.Bucket, "bootstrap.queue": s.setup.Queue,
		"bootstrap.resource-id": s.vpc(), "bootstrap.retention": "400d", "bootstrap.tag": "team=net",
		"state.dir": state, "ingest.workers": "4", "web.listen-address": freeAddress(s.t),
	}
}

// found completes the site with what a flowd that ran set up.
func (s *site) found() {
	s.t.Helper()
	s.result.Bucket = s.setup.Bucket
	for name, url := range map[string]*string{s.setup.Queue: &s.result.QueueURL, s.setup.Queue + "-dead-letter": &s.result.DeadLetterQueueURL} {
		out, err := s.sqs.GetQueueUrl(s.t.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
		if err != nil {
			s.t.Fatal(err)
		}
		*url = aws.ToString(out.QueueUrl)
	}
}

func (s *site) policy() string {
	s.t.Helper()
	out, err := s.s3.GetBucketPolicy(s.t.Context(), &s3.GetBucketPolicyInput{Bucket: &s.setup.Bucket})
	if err != nil {
		s.t.Fatal(err)
	}
	return aws.ToString(out.Policy)
}

func (s *site) putPolicy(text string) {
	s.t.Helper()
	if _, err := s.s3.PutBucketPolicy(s.t.Context(), &s3.PutBucketPolicyInput{Bucket: &s.setup.Bucket, Policy: &text}); err != nil {
		s.t.Fatal(err)
	}
}

// TestAnEmptyAccountToTheFirstCounter is one command, and the same command again.
func TestAnEmptyAccountToTheFirstCounter(t *testing.T) {
	t.Parallel()
	s, tr := connect(t, "fresh"), newTraffic(t, 9)
	r := newRecorder(t, s.endpoint)
	flags := s.setupFlags(r.URL, t.TempDir())
	d := s.start(flags)
	d.untilReady()
	if _, writes := r.take(false); len(writes) < 9 {
		t.Errorf("setting up an empty account made the write calls %q, want at least 9", writes)
	}
	s.found()
	policy := s.policy()
	s.dropPolicy()
	tr.deliver(s, 1)
	tr.untilCounted(d)
	s.putPolicy(policy)
	d.stop()
	s.startsReadOnly(r, flags)
}

// startsReadOnly starts flowd once more, with the right to read alone: where nothing is missing it needs no other.
func (s *site) startsReadOnly(r *recorder, f flags) {
	s.t.Helper()
	r.take(true)
	d := s.start(f)
	d.untilReady()
	d.stop()
	reads, writes := r.take(true)
	if len(writes) != 0 || len(reads) < 12 {
		s.t.Errorf("a second start made the write calls %q and %d read calls, want none and at least 12", writes, len(reads))
	}
	if log := d.stderr.String(); !strings.Contains(log, `"steps":0`) && !strings.Contains(log, "steps: 0") {
		s.t.Errorf("the log of a second start does not say that there were no steps:\n%s", log)
	}
}

// TestWhatOthersHaveStays on a bucket and a queue that other teams use already.
func TestWhatOthersHaveStays(t *testing.T) {
	t.Parallel()
	s := connect(t, "others")
	s.occupy()
	before := s.ofOthers()
	if len(before) != 8 {
		t.Fatalf("got %v, want eight things of others", before)
	}
	r := newRecorder(t, s.endpoint)
	flags := s.setupFlags(r.URL, t.TempDir())
	d := s.start(flags)
	d.untilReady()
	d.stop()
	if _, writes := r.take(false); len(writes) < 6 {
		t.Errorf("completing the set-up made the write calls %q, want at least 6", writes)
	}
	if after := s.ofOthers(); !maps.Equal(after, before) {
		t.Errorf("after the set-up others have\n%v\nwant what they had\n%v", after, before)
	}
	for want, has := range map[string]string{"FlowdLogDeliveryWrite": s.policy(), "FlowdBucketNotifications": s.attribute("Policy")} {
		if !strings.Contains(has, want) {
			t.Errorf("got the policy %s, want it to have %s too", has, want)
		}
	}
	s.startsReadOnly(r, flags)
}

// occupy is what other teams did before. Their queue has its dead-letter queue: moto drops the policy of a queue whenever another attribute of it is
// set (_set_attributes in its sqs/models.py), and every statement with it.
func (s *site) occupy() {
	s.t.Helper()
	ctx, bucket := s.t.Context(), &s.setup.Bucket
	_, err := s.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
	s.must(err)
	_, err = s.s3.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: bucket, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: aws.String("team"), Value: aws.String("theirs")}}}})
	s.must(err)
	_, err = s.s3.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: bucket, LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: []s3types.LifecycleRule{{
		ID: aws.String("thin out backups"), Status: s3types.ExpirationStatusEnabled,
		Filter: &s3types.LifecycleRuleFilter{Prefix: aws.String("backup/")}, Expiration: &s3types.LifecycleExpiration{Days: aws.Int32(10)},
	}}}})
	s.must(err)
	s.putPolicy(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"Backup","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/backup/*"}]}`, *bucket))
	theirs := s.queue("theirs")
	_, err = s.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &theirs, Attributes: map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`,
	}})
	s.must(err)
	_, err = s.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &s.setup.Queue, Tags: map[string]string{"team": "theirs"}, Attributes: map[string]string{
		"VisibilityTimeout": "17", "RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:%s:%s-theirs","maxReceiveCount":9}`, region, account, s.setup.Queue),
		"Policy": fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"Ops","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"sqs:SendMessage","Resource":"*"}]}`, account),
	}})
	s.must(err)
	_, err = s.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: bucket, NotificationConfiguration: &s3types.NotificationConfiguration{
		QueueConfigurations: []s3types.QueueConfiguration{{
			Id: aws.String("thumbnails"), QueueArn: aws.String(fmt.Sprintf("arn:aws:sqs:%s:%s:%s-theirs", region, account, s.setup.Queue)), Events: []s3types.Event{"s3:ObjectCreated:*"},
			Filter: &s3types.NotificationConfigurationFilter{Key: &s3types.S3KeyFilter{FilterRules: []s3types.FilterRule{{Name: s3types.FilterRuleNamePrefix, Value: aws.String("photos/")}}}},
		}},
	}})
	s.must(err)
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// ofOthers is everything that is not flowd's, as text, by what it is.
func (s *site) ofOthers() map[string]string {
	s.t.Helper()
	ctx, bucket, others := s.t.Context(), &s.setup.Bucket, map[string]string{}
	keep := func(what, mark string, v any) {
		text, err := json.Marshal(v)
		s.must(err)
		if strings.Contains(string(text), mark) {
			others[what] += string(text)
		}
	}
	tags, err := s.s3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: bucket})
	s.must(err)
	keep("tags of the bucket", "theirs", tags.TagSet)
	lifecycle, err := s.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})
	s.must(err)
	for _, rule := range lifecycle.Rules {
		keep("lifecycle rule", "thin out backups", rule)
	}
	notification, err := s.s3.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: bucket})
	s.must(err)
	for _, rule := range notification.QueueConfigurations {
		keep("notification", "thumbnails", rule)
	}
	for what, mark := range map[string]string{"statement of the bucket": "Backup", "statement of the queue": "Ops"} {
		text := map[string]string{"statement of the bucket": s.policy(), "statement of the queue": s.attribute("Policy")}[what]
		var policy struct{ Statement []json.RawMessage }
		s.must(json.Unmarshal([]byte(text), &policy))
		for _, statement := range policy.Statement {
			keep(what, `"`+mark+`"`, statement)
		}
	}
	queueTags, err := s.sqs.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: s.queueURL()})
	s.must(err)
	keep("tags of the queue", "theirs", queueTags.Tags)
	others["visibility timeout of the queue"], others["redrive of the queue"] = s.attribute("VisibilityTimeout"), s.attribute("RedrivePolicy")
	return others
}

func (s *site) queueURL() *string {
	s.t.Helper()
	out, err := s.sqs.GetQueueUrl(s.t.Context(), &sqs.GetQueueUrlInput{QueueName: &s.setup.Queue})
	s.must(err)
	return out.QueueUrl
}

// attribute is one of the queue.
func (s *site) attribute(name types.QueueAttributeName) string {
	s.t.Helper()
	out, err := s.sqs.GetQueueAttributes(s.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: s.queueURL(), AttributeNames: []types.QueueAttributeName{name}})
	s.must(err)
	return out.Attributes[string(name)]
}
