package bootstrap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func keyFilter(prefix, suffix string) *types.NotificationConfigurationFilter {
	return &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: []types.FilterRule{
		{Name: "Prefix", Value: &prefix}, {Name: "Suffix", Value: &suffix},
	}}}
}

func queueRule(id string, events []types.Event, f *types.NotificationConfigurationFilter) *types.NotificationConfiguration {
	return &types.NotificationConfiguration{QueueConfigurations: []types.QueueConfiguration{{Id: &id, QueueArn: aws.String(queueARN("theirs")), Events: events, Filter: f}}}
}

func TestRulesInTheWay(t *testing.T) {
	created := []types.Event{types.EventS3ObjectCreated}
	topic := &types.NotificationConfiguration{TopicConfigurations: []types.TopicConfiguration{{Id: aws.String("fan-out"), TopicArn: aws.String("arn:topic"), Events: created}}}
	lambda := &types.NotificationConfiguration{LambdaFunctionConfigurations: []types.LambdaFunctionConfiguration{{Id: aws.String("scan"), LambdaFunctionArn: aws.String("arn:function"), Events: created, Filter: keyFilter("AWSLogs/", "")}}}
	for _, tc := range []struct {
		name string
		have *types.NotificationConfiguration
		want string // The rule in the way; empty when none is.
	}{
		{"nothing", &types.NotificationConfiguration{}, ""},
		{"a queue without a filter", queueRule("all", created, nil), "all"},
		{"a topic", topic, "fan-out"},
		{"a function", lambda, "scan"},
		{"only one way of creating", queueRule("puts", []types.Event{"s3:ObjectCreated:Put"}, nil), "puts"},
		{"another event", queueRule("gone", []types.Event{"s3:ObjectRemoved:*", "s3:ObjectRestore:Post"}, nil), ""},
		{"a folder above", queueRule("above", created, keyFilter("AWSLogs/", ".gz")), "above"},
		{"a folder below", queueRule("below", created, keyFilter("AWSLogs/123456789012/vpcflowlogs/eu-central-1/", "x.log.gz")), "below"},
		{"a folder beside", queueRule("beside", created, keyFilter("AWSLogs/123456789012/CloudTrail/", "")), ""},
		{"another suffix", queueRule("parquet", created, keyFilter("AWSLogs/", ".parquet")), ""},
		{"an encoded prefix", queueRule("encoded", created, keyFilter("AWSLogs%2F", "")), "encoded"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := config().obstacle(tc.have)
			if tc.want == "" {
				if err != nil {
					t.Errorf("got %v, want no rule in the way", err)
				}
				return
			}
			contains(t, fmt.Sprint(err), fmt.Sprintf("rule %q", tc.want), "is in the way", "SNS topic")
		})
	}
}

func TestARuleThatDoesItAlreadyIsEnough(t *testing.T) {
	for _, tc := range []struct {
		name   string
		events []types.Event
		filter *types.NotificationConfigurationFilter
		enough bool
	}{
		{"without a filter", []types.Event{types.EventS3ObjectCreated}, nil, true},
		{"with a wider filter", []types.Event{"s3:ObjectRemoved:*", types.EventS3ObjectCreated}, keyFilter("AWSLogs/", ".gz"), true},
		{"with a narrower filter", []types.Event{types.EventS3ObjectCreated}, keyFilter("AWSLogs/123456789012/vpcflowlogs/eu-west-1/", ""), false},
		{"for one way of creating", []types.Event{"s3:ObjectCreated:Put"}, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			have := queueRule("terraform", tc.events, tc.filter)
			have.QueueConfigurations[0].QueueArn = aws.String(queueARN("flowd"))
			if got := config().announcing(have) == "terraform"; got != tc.enough {
				t.Errorf("got enough %t, want %t", got, tc.enough)
			}
		})
	}
}

func TestOurRuleIsMended(t *testing.T) {
	a := newAccount(t)
	a.apply(config())
	narrowed := config().wantedNotification()
	narrowed.Events = []types.Event{"s3:ObjectCreated:Post"}
	a.putNotification(&types.NotificationConfiguration{QueueConfigurations: []types.QueueConfiguration{narrowed}})
	contains(t, a.plan(config()).String(), "announce new objects below")
	a.apply(config())
	a.complete(config())
}

func TestTooManyRules(t *testing.T) {
	have := &types.NotificationConfiguration{}
	for i := range maxNotifications {
		have.QueueConfigurations = append(have.QueueConfigurations, queueRule(fmt.Sprint(i), nil, nil).QueueConfigurations...)
	}
	contains(t, fmt.Sprint(config().obstacle(have)), "there are 100 rules, and S3 takes 100")
}

// TestAnnouncedPrefix needs no encoding, and announces every key below the real prefix.
func TestAnnouncedPrefix(t *testing.T) {
	for _, tc := range []struct {
		prefix string
		hive   bool
		want   string
	}{
		{"", false, "AWSLogs/123456789012/vpcflowlogs/"},
		{"net/eu_1.x-y", false, "net/eu_1.x-y/AWSLogs/123456789012/vpcflowlogs/"},
		{"my team", false, "my"},
		{"a=b", true, "a"},
		{"", true, "AWSLogs/aws-account-id"},
		{"+", false, ""},
	} {
		c := config(func(c *Config) { c.Prefix, c.Hive = tc.prefix, tc.hive })
		if got := c.announced(); got != tc.want || !strings.HasPrefix(c.keyPrefixes()[0], got) {
			t.Errorf("prefix %q, Hive %t: got %q, want %q, the beginning of %q", tc.prefix, tc.hive, got, tc.want, c.keyPrefixes()[0])
		}
		if rules := c.wantedNotification().Filter.Key.FilterRules; len(rules) == 2 != (tc.want != "") {
			t.Errorf("prefix %q: got %d filter rules, want no rule for an empty prefix", tc.prefix, len(rules))
		}
	}
}

// TestSomebodyTookThePlace has another team write a rule between plan and apply.
func TestSomebodyTookThePlace(t *testing.T) {
	a := newAccount(t)
	a.createBucket(testBucket)
	a.createQueue("theirs", map[string]string{"Policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}`})
	plan := a.plan(config())
	a.putNotification(queueRule("faster", []types.Event{types.EventS3ObjectCreated}, nil))
	_, err := a.setup(config()).Apply(t.Context(), plan)
	contains(t, fmt.Sprint(err), `rule "faster"`, "is in the way", "not done:")
}
