package bootstrap

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"
)

// Statements of others, with blanks, an order and characters that a careless writer would change.
const (
	foreignStatement = `{"Sid" : "Backup <&>", "Principal":{"AWS":["arn:aws:iam::999999999999:root"]},"Effect":"Allow",  "Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-flow-logs/backup/*"}`
	foreignSecond    = `{ "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::acme-flow-logs/AWSLogs/999999999999/*" }`
	foreignPolicy    = `{"Version":"2008-10-17","Id":"of the platform team","Statement":[` + foreignStatement + `,` + foreignSecond + `]}`
	foreignQueue     = `{"Version":"2012-10-17","Statement":{"Sid":"Ops","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sqs:SendMessage","Resource":"*"}}`
)

// foreign is an account where other teams use the bucket and the queue already.
func foreign(t *testing.T) *account {
	t.Helper()
	a := newAccount(t)
	a.createBucket(testBucket)
	a.putPolicy(foreignPolicy)
	_, err := a.s3.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{
		Bucket: aws.String(testBucket), LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: foreignRules()},
	})
	must(t, err)
	a.createQueue("flowd", map[string]string{"Policy": foreignQueue, "VisibilityTimeout": "17"})
	a.createQueue("others", map[string]string{"Policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}`})
	a.putNotification(foreignNotification())
	a.calls = nil
	return a
}

func foreignRules() []s3types.LifecycleRule {
	return []s3types.LifecycleRule{
		{ID: aws.String("thin out backups"), Status: s3types.ExpirationStatusEnabled, Filter: &s3types.LifecycleRuleFilter{Prefix: aws.String("backup/")}, Expiration: &s3types.LifecycleExpiration{Days: aws.Int32(10)}},
		{ID: aws.String("old style"), Status: s3types.ExpirationStatusDisabled, Prefix: aws.String("x/"), Transitions: []s3types.Transition{{Days: aws.Int32(30), StorageClass: s3types.TransitionStorageClassGlacier}}},
	}
}

func foreignNotification() *s3types.NotificationConfiguration {
	key := func(prefix string) *s3types.NotificationConfigurationFilter {
		return &s3types.NotificationConfigurationFilter{Key: &s3types.S3KeyFilter{FilterRules: []s3types.FilterRule{{Name: s3types.FilterRuleNamePrefix, Value: &prefix}}}}
	}
	return &s3types.NotificationConfiguration{
		QueueConfigurations: []s3types.QueueConfiguration{
			{Id: aws.String("thumbnails"), QueueArn: aws.String(queueARN("others")), Events: []s3types.Event{"s3:ObjectCreated:Put"}, Filter: key("photos/")},
			{Id: aws.String("removals"), QueueArn: aws.String(queueARN("others")), Events: []s3types.Event{"s3:ObjectRemoved:*"}},
		},
		TopicConfigurations:          []s3types.TopicConfiguration{{Id: aws.String("news"), TopicArn: aws.String("arn:aws:sns:eu-central-1:123456789012:news"), Events: []s3types.Event{"s3:ObjectCreated:*"}, Filter: key("news+and%3Dmore/")}},
		LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{{Id: aws.String("scan"), LambdaFunctionArn: aws.String("arn:aws:lambda:eu-central-1:123456789012:function:scan"), Events: []s3types.Event{"s3:ObjectCreated:*"}, Filter: key("AWSLogs/999999999999/")}},
		EventBridgeConfiguration:     &s3types.EventBridgeConfiguration{},
	}
}

func queueARN(name string) string { return config().queueARN(name) }

func (a *account) createBucket(name string) {
	a.t.Helper()
	must(a.t, a.setup(config(func(c *Config) { c.Bucket = name })).createBucket(a.t.Context()))
}

func (a *account) putPolicy(text string) {
	a.t.Helper()
	_, err := a.s3.PutBucketPolicy(a.t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String(testBucket), Policy: &text})
	must(a.t, err)
}

func (a *account) policy() string {
	a.t.Helper()
	out, err := a.s3.GetBucketPolicy(a.t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String(testBucket)})
	must(a.t, err)
	return *out.Policy
}

func (a *account) createQueue(name string, attributes map[string]string) {
	a.t.Helper()
	_, err := a.sqs.CreateQueue(a.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	must(a.t, err)
}

func (a *account) attributes(name string) map[string]string {
	a.t.Helper()
	_, attributes, err := a.setup(config()).queue(a.t.Context(), name)
	must(a.t, err)
	if attributes == nil {
		a.t.Fatalf("there is no queue %s", name)
	}
	return attributes
}

func (a *account) putNotification(n *s3types.NotificationConfiguration) {
	a.t.Helper()
	_, err := a.s3.PutBucketNotificationConfiguration(a.t.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String(testBucket), NotificationConfiguration: n})
	must(a.t, err)
}

// notification is the document as S3 gives it, without flowd's reading of it.
func (a *account) notification() *s3.GetBucketNotificationConfigurationOutput {
	a.t.Helper()
	out, err := a.s3.GetBucketNotificationConfiguration(a.t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String(testBucket)})
	must(a.t, err)
	out.ResultMetadata = middleware.Metadata{}
	return out
}

func TestWhatOthersPutThereStays(t *testing.T) {
	a, c := foreign(t), config(everything)
	before := a.notification()
	a.apply(c)
	policy := a.policy()
	if n := strings.Count(policy, `"Sid"`); n != 4 || !strings.HasPrefix(policy, strings.TrimSuffix(foreignPolicy, "]}")) {
		t.Errorf("got the bucket policy\n%s\nwith %d Sids, want the policy of others byte for byte and three statements behind it\n%s", policy, n, foreignPolicy)
	}
	queue := a.attributes("flowd")
	if want := strings.TrimSuffix(strings.TrimPrefix(foreignQueue, `{"Version":"2012-10-17","Statement":`), "}"); !strings.Contains(queue["Policy"], want) || strings.Count(queue["Policy"], `"Sid"`) != 3 {
		t.Errorf("got the queue policy\n%s\nwant it to hold the statement of others byte for byte\n%s", queue["Policy"], want)
	}
	if queue["VisibilityTimeout"] != "17" {
		t.Errorf("got visibility timeout %s of a queue that existed, want its own 17", queue["VisibilityTimeout"])
	}
	n := a.notification()
	if len(n.QueueConfigurations) != 3 || n.EventBridgeConfiguration == nil {
		t.Fatalf("got %d queue notifications, want two of others and ours, and EventBridge", len(n.QueueConfigurations))
	}
	n.QueueConfigurations = n.QueueConfigurations[:2]
	same(t, "notifications", n, before)
	l, err := a.setup(c).lifecycle(t.Context())
	must(t, err)
	if len(l.Rules) != 3 {
		t.Fatalf("got %d lifecycle rules, want two of others and ours", len(l.Rules))
	}
	same(t, "lifecycle rules", l.Rules[:2], foreignRules())
	a.complete(c)
}

// same compares as text, which leaves out what the SDK keeps to itself.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	g, err := json.MarshalIndent(got, "", " ")
	must(t, err)
	w, err := json.MarshalIndent(want, "", " ")
	must(t, err)
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got the %s\n%s\nwant\n%s", what, g, w)
	}
}

// TestAPlanIsOldWhenItIsApplied has others write between plan and apply: a person reads the plan first.
func TestAPlanIsOldWhenItIsApplied(t *testing.T) {
	a, c := newAccount(t), config(everything)
	a.createBucket(testBucket)
	a.createQueue("flowd", map[string]string{"Policy": ""})
	a.createQueue("others", map[string]string{"Policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}`})
	plan := a.plan(c)
	a.putPolicy(foreignPolicy)
	a.putNotification(foreignNotification())
	_, err := a.s3.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{
		Bucket: aws.String(testBucket), LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: foreignRules()},
	})
	must(t, err)
	url, _, err := a.setup(c).queue(t.Context(), "flowd")
	must(t, err)
	must(t, a.setup(c).setAttribute(t.Context(), url, "Policy", foreignQueue))
	_, err = a.setup(c).Apply(t.Context(), plan)
	must(t, err)
	contains(t, a.policy(), foreignStatement, foreignSecond)
	contains(t, a.attributes("flowd")["Policy"], `"Sid":"Ops"`)
	n, err := a.setup(c).notifications(t.Context())
	must(t, err)
	l, err := a.setup(c).lifecycle(t.Context())
	must(t, err)
	if len(rules(n)) != 5 || len(l.Rules) != 3 {
		t.Errorf("got %d notifications and %d lifecycle rules, want 4 and 2 of others and ours", len(rules(n)), len(l.Rules))
	}
}

// TestSetUpsShareABucketAndAQueue has a second one with another folder, and a third with the same queue and another bucket.
func TestSetUpsShareABucketAndAQueue(t *testing.T) {
	a := newAccount(t)
	all := []Config{
		config(everything),
		config(everything, func(c *Config) { c.Prefix, c.Queue, c.Retention = "staging", "flowd-staging", 10*day }),
		config(everything, func(c *Config) { c.Bucket = "acme-flow-logs-too" }),
	}
	for _, c := range all {
		a.apply(c)
	}
	for i, c := range all {
		if p := a.plan(c); len(p.Steps) > 0 {
			t.Errorf("set-up %d lost something to a later one:\n%s", i+1, p)
		}
	}
	if got := strings.Count(a.policy(), "FlowdLogDeliveryWrite"); got != 2 {
		t.Errorf("got %d statements that let log delivery write, want one for each folder", got)
	}
}

func TestAnotherQueueForTheSameFolderIsRefused(t *testing.T) {
	a := newAccount(t)
	a.apply(config())
	text := a.refused(config(func(c *Config) { c.Queue = "other" }))
	contains(t, text, fmt.Sprintf("rule %q", *config().wantedNotification().Id), queueARN("flowd"), "is in the way")
}

func (a *account) deleteQueue(name string) {
	a.t.Helper()
	url, _, err := a.setup(config()).queue(a.t.Context(), name)
	must(a.t, err)
	_, err = a.sqs.DeleteQueue(a.t.Context(), &sqs.DeleteQueueInput{QueueUrl: &url})
	must(a.t, err)
}

// TestTheTagsOfOthersStay: what exists keeps its tags, and flowd has no call at all that would write them on what exists.
func TestTheTagsOfOthersStay(t *testing.T) {
	a, c := foreign(t), config(everything)
	want := []s3types.Tag{{Key: aws.String("cost-center"), Value: aws.String("platform")}, {Key: aws.String("team"), Value: aws.String("theirs")}}
	_, err := a.s3.PutBucketTagging(t.Context(), &s3.PutBucketTaggingInput{Bucket: aws.String(testBucket), Tagging: &s3types.Tagging{TagSet: want}})
	must(t, err)
	url, _, err := a.setup(c).queue(t.Context(), "flowd")
	must(t, err)
	_, err = a.sqs.TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: &url, Tags: map[string]string{"team": "theirs"}})
	must(t, err)
	a.calls = nil
	a.apply(c)
	queue, err := a.sqs.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: &url})
	must(t, err)
	same(t, "tags of the queue", queue.Tags, map[string]string{"team": "theirs"})
	out, err := a.s3.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: aws.String(testBucket)})
	must(t, err)
	same(t, "tags of the bucket", out.TagSet, want)
	for _, call := range Actions() {
		if strings.Contains(call.Operation, "Tag") {
			t.Errorf("the set-up may call %s, want tags only where something is created", call.Operation)
		}
	}
	if created := strings.Count(strings.Join(a.writes(), " "), "SQS CreateQueue"); created != 1 {
		t.Errorf("got %d calls of CreateQueue, want one, for the dead-letter queue: the other queue exists, with its tags", created)
	}
	a.complete(c)
}
