package bootstrap

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestANewQueueAndItsDeadLetterQueue(t *testing.T) {
	a := newAccount(t)
	a.apply(config())
	queue, dead := a.attributes("flowd"), a.attributes("flowd-dead-letter")
	for _, tc := range []struct {
		name string
		of   map[string]string
		want string
	}{
		{"MessageRetentionPeriod", queue, "345600"}, {"VisibilityTimeout", queue, "60"}, {"ReceiveMessageWaitTimeSeconds", queue, "20"}, {"SqsManagedSseEnabled", queue, "true"},
		{"RedrivePolicy", queue, `{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:flowd-dead-letter","maxReceiveCount":8}`},
		{"MessageRetentionPeriod", dead, "1209600"}, {"SqsManagedSseEnabled", dead, "true"}, {"Policy", dead, ""},
	} {
		if got := tc.of[tc.name]; got != tc.want {
			t.Errorf("got %s %q, want %q", tc.name, got, tc.want)
		}
	}
	var policy struct{ Statement []statement }
	must(t, json.Unmarshal([]byte(queue["Policy"]), &policy))
	if len(policy.Statement) != 2 {
		t.Fatalf("got %d statements, want one that lets S3 send and one that requires TLS", len(policy.Statement))
	}
	send := policy.Statement[0]
	if !send.Principal.include("s3.amazonaws.com") || send.everybody() || send.Action.like("sqs:ReceiveMessage") ||
		send.Condition["ArnLike"]["aws:SourceArn"][0] != "arn:aws:s3:::acme-flow-logs" || send.Condition["StringEquals"]["aws:SourceAccount"][0] != testAccount {
		t.Errorf("got %+v, want S3 alone to send, for this bucket of this account", send)
	}
	if tls := policy.Statement[1]; tls.Effect != "Deny" || !tls.everybody() || tls.Condition["Bool"]["aws:SecureTransport"][0] != "false" {
		t.Errorf("got %+v, want nobody to use the queue without TLS", tls)
	}
}

func TestAQueueThatExistsIsMendedOnlyWhereItMust(t *testing.T) {
	const others = "arn:aws:sqs:eu-central-1:123456789012:theirs"
	for _, tc := range []struct {
		name  string
		queue map[string]string
		dead  map[string]string // nil: there is none.
		says  []string
		never string
	}{
		{"as it comes", nil, nil, []string{"let S3 of this bucket send", "queue flowd-dead-letter: create it", "queue flowd: move messages to flowd-dead-letter after 8 receives"}, "64 KiB"},
		{"with times of its own", map[string]string{"VisibilityTimeout": "5", "MessageRetentionPeriod": "60", "ReceiveMessageWaitTimeSeconds": "0"}, nil, []string{"let S3"}, "5 seconds"},
		{"with small messages", map[string]string{"MaximumMessageSize": "1024"}, nil, []string{"take messages of 64 KiB instead of 1024 bytes"}, "SSE-SQS\n"},
		{"without encryption", map[string]string{"SqsManagedSseEnabled": "false"}, nil, []string{"queue flowd: encrypt messages with SSE-SQS"}, "64 KiB"},
		{"with a dead-letter queue of others", map[string]string{"RedrivePolicy": redriveTo(others, `"5"`)}, nil, []string{"dead-letter queue theirs, which is not flowd's"}, "queue flowd-dead-letter"},
		{"with a redrive that is impatient", map[string]string{"RedrivePolicy": redriveTo(others, "1")}, nil, []string{"gives messages up after 1 receive"}, "queue flowd-dead-letter"},
		{"with a dead-letter queue that forgets sooner", nil, map[string]string{"MessageRetentionPeriod": "345600"}, []string{"queue flowd-dead-letter: keep messages 14 days instead of 345600 seconds"}, "create it as the"},
		{"with a dead-letter queue that remembers longer", nil, map[string]string{"MessageRetentionPeriod": "345601"}, []string{"move messages"}, "keep messages"},
		{"with a key of the customer", map[string]string{"KmsMasterKeyId": testKey}, nil, []string{"the policy of key " + testKey + " of queue flowd", `"kms:GenerateDataKey"`}, "SSE-SQS\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t)
			a.createQueue("theirs", nil)
			if tc.dead != nil {
				a.createQueue("flowd-dead-letter", tc.dead)
			}
			a.createQueue("flowd", tc.queue)
			text := a.plan(config()).String()
			contains(t, text, tc.says...)
			if strings.Contains(text, tc.never) {
				t.Errorf("got %s\nwant nothing of %q", text, tc.never)
			}
			a.apply(config())
			a.complete(config())
		})
	}
}

func redriveTo(arn, count string) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%s}`, arn, count)
}

func TestAQueueThatCannotServeIsRefused(t *testing.T) {
	long := `{"Statement":[{"Sid":"x","Effect":"Allow","Principal":{"AWS":"1"},"Action":"sqs:SendMessage","Resource":"` + strings.Repeat("x", maxQueuePolicy-200) + `"}]}`
	many := `{"Statement":[` + strings.TrimSuffix(strings.Repeat(`{"Effect":"Allow","Principal":{"AWS":"1"},"Action":"sqs:SendMessage","Resource":"*"},`, 19), ",") + `]}`
	for _, tc := range []struct {
		name        string
		queue, dead map[string]string
		want        []string
	}{
		{"a key that AWS manages", map[string]string{"KmsMasterKeyId": "alias/aws/sqs"}, nil, []string{"alias/aws/sqs, and S3 cannot send", "go over to SSE-SQS (aws sqs set-queue-attributes", "customer managed key", "another --bootstrap.queue"}},
		{"the same by its ARN", map[string]string{"KmsMasterKeyId": "arn:aws:kms:eu-central-1:123456789012:alias/aws/sqs"}, nil, []string{"S3 cannot send"}},
		{"a policy that would be too long", map[string]string{"Policy": long}, nil, []string{"SQS takes 8192 in 20"}},
		{"a policy with too many statements", map[string]string{"Policy": many}, nil, []string{"in 21 statements"}},
		{"a dead-letter queue for nobody", nil, map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"denyAll"}`}, []string{"does not take messages of queue flowd", "denyAll"}},
		{"a dead-letter queue for another queue", nil, map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:eu-central-1:123456789012:theirs"]}`}, []string{"add the queue there"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t)
			a.createQueue("flowd", tc.queue)
			a.createQueue("flowd-dead-letter", tc.dead)
			contains(t, a.refused(config()), tc.want...)
		})
	}
}

func TestADeadLetterQueueThatAdmitsOurs(t *testing.T) {
	for _, policy := range []string{`{"redrivePermission":"allowAll"}`, `{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:eu-central-1:123456789012:flowd"]}`} {
		a := newAccount(t)
		a.createQueue("flowd", nil)
		a.createQueue("flowd-dead-letter", map[string]string{"RedriveAllowPolicy": policy})
		a.apply(config())
		a.complete(config())
	}
}

// TestQueuesThatWereJustDeleted have to wait a minute for their names.
func TestQueuesThatWereJustDeleted(t *testing.T) {
	for _, names := range [][]string{{"flowd"}, {"flowd-dead-letter"}, {"flowd", "flowd-dead-letter"}} {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			a.patient = true
			a.apply(config())
			for _, name := range names {
				a.deleteQueue(name)
			}
			plan := a.plan(config())
			for _, name := range names {
				contains(t, plan.String(), "queue "+name+": create it")
			}
			start := time.Now()
			_, err := a.setup(config()).Apply(t.Context(), plan)
			must(t, err)
			if took := time.Since(start); took < time.Minute {
				t.Errorf("deleted %v: got queues after %s, want a minute of waiting", names, took)
			}
			a.complete(config())
		})
	}
}

// TestAQueueThatIsOnlyKnownByItsName is one that was deleted this second.
func TestAQueueThatIsOnlyKnownByItsName(t *testing.T) {
	a := newAccount(t)
	a.createQueue("flowd", nil)
	a.fail = failing("SQS GetQueueAttributes", 1, awsError("AWS.SimpleQueueService.NonExistentQueue", ""))
	contains(t, a.plan(config()).String(), "queue flowd: create it")
}
