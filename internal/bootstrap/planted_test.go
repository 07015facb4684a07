package bootstrap

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// planted is something that goes wrong with a set-up.
type planted struct {
	name      string
	change    func(*Config)  // What is asked for, beside everything.
	before    func(*account) // Planted before the plan.
	meantime, // Planted between the plan and applying it.
	mend func(*account)
	settle func(*Config) // What is asked for once it is mended, beside change.
	says   []string      // What went wrong, and with what.
	next   string        // What to do about it.
}

// denying refuses calls as AWS does when a right is missing.
func denying(calls ...string) func(*account) {
	return func(a *account) {
		a.fail = func(made string) error {
			for _, call := range calls {
				if call == made {
					return awsError("AccessDenied", "not authorized")
				}
			}
			return nil
		}
	}
}

// refusing makes one call fail for good, with a code of AWS.
func refusing(call, code, message string) func(*account) {
	return func(a *account) { a.fail = failing(call, always, awsError(code, message)) }
}

func existing(then func(*account)) func(*account) {
	return func(a *account) {
		a.createBucket(testBucket)
		then(a)
	}
}

func answering(f func(http.ResponseWriter, *http.Request) bool) func(*account) {
	return func(a *account) { a.answer = f }
}

func nothingFails(a *account) { a.fail, a.lose, a.answer = nil, nil, nil }

func anotherBucket(c *Config) { c.Bucket = "acme-flow-logs-too" }

// plantedInTheBucket are those of the bucket and its policy.
func plantedInTheBucket() []planted {
	tooLarge := `{"Statement":[{"Sid":"Long","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-flow-logs/` + strings.Repeat("x", maxBucketPolicy-200) + `"}]}`
	denies := `{"Statement":[{"Sid":"OnlyUs","Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"s3:*","Resource":"*"}]}`
	public := `{"Statement":[{"Sid":"Site","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`
	return []planted{
		{name: "no permission to read the policy", before: existing(denying("S3 GetBucketPolicy")), mend: nothingFails,
			says: []string{"nothing was changed", "policy of bucket acme-flow-logs", "AccessDenied"}, next: "needs s3:GetBucketPolicy"},
		{name: "no permission to create the bucket", before: denying("S3 CreateBucket"), mend: nothingFails,
			says: []string{"bucket acme-flow-logs: create it", "AccessDenied"}, next: "needs s3:CreateBucket"},
		{name: "no permission to write the policy", before: denying("S3 PutBucketPolicy"), mend: nothingFails,
			says: []string{"policy of bucket acme-flow-logs", "done:\n   1. bucket"}, next: "needs s3:PutBucketPolicy"},
		{name: "the bucket is taken by another account", before: refusing("S3 CreateBucket", "BucketAlreadyExists", "The requested bucket name is not available."), mend: nothingFails, settle: anotherBucket,
			says: []string{"BucketAlreadyExists", "done:\n      nothing"}, next: "belongs to another account: give another one with --bootstrap.bucket"},
		{name: "the bucket of another account answers", before: answering(head(http.StatusForbidden, testRegion)), mend: nothingFails, settle: anotherBucket,
			says: []string{"nothing was changed", "belongs to another account than 123456789012"}, next: "give another --bootstrap.bucket"},
		{name: "the bucket is in another Region", before: answering(head(http.StatusMovedPermanently, "us-west-2")), mend: nothingFails, settle: anotherBucket,
			says: []string{"nothing was changed", "is in us-west-2", "for eu-central-1"}, next: "give --aws.region=us-west-2 or another --bootstrap.bucket"},
		{name: "the bucket is being deleted", before: refusing("S3 CreateBucket", "OperationAborted", "A conflicting conditional operation is in progress."), mend: nothingFails,
			says: []string{"OperationAborted"}, next: "wait, or give another name with --bootstrap.bucket"},
		{name: "the account has its buckets", before: refusing("S3 CreateBucket", "TooManyBuckets", ""), mend: nothingFails,
			says: []string{"TooManyBuckets"}, next: "reuse a bucket with --bootstrap.bucket"},
		{name: "the bucket is public", before: existing(func(a *account) { a.putPolicy(public) }), mend: func(a *account) { a.putPolicy(foreignPolicy) },
			says: []string{"nothing was changed", `by statement "Site" of its policy`}, next: "give another --bootstrap.bucket"},
		{name: "the bucket has a key that AWS manages", before: existing(func(a *account) { a.encryptWith(s3types.ServerSideEncryptionAwsKms) }),
			mend: func(a *account) { a.encryptWith(s3types.ServerSideEncryptionAes256) },
			says: []string{"nothing was changed", "log delivery cannot write with it"}, next: "--bootstrap.kms-key-arn"},
		{name: "the policy would be too large", before: existing(func(a *account) { a.putPolicy(tooLarge) }), mend: func(a *account) { a.putPolicy(foreignPolicy) },
			says: []string{"nothing was changed", "S3 takes 20480"}, next: "remove some of the 1 statement of others"},
		{name: "a statement of others denies log delivery", before: existing(func(a *account) { a.putPolicy(denies) }), mend: func(a *account) { a.putPolicy(foreignPolicy) },
			says: []string{"nothing was changed", `statement "OnlyUs"`, "no record would ever arrive"}, next: "except delivery.logs.amazonaws.com from it"},
		{name: "a statement of others names nobody", before: existing(refusing("S3 PutBucketPolicy", "MalformedPolicy", "Invalid principal in policy")), mend: nothingFails,
			says: []string{"Invalid principal in policy"}, next: "mend the statement that AWS names"},
	}
}

func (a *account) encryptWith(algorithm s3types.ServerSideEncryption) {
	a.t.Helper()
	rule := s3types.ServerSideEncryptionRule{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: algorithm}}
	_, err := a.s3.PutBucketEncryption(a.t.Context(), &s3.PutBucketEncryptionInput{
		Bucket: aws.String(testBucket), ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{rule}},
	})
	must(a.t, err)
}

// plantedBehindIt are those of queues and notification.
func plantedBehindIt() []planted {
	inTheWay := func(a *account) {
		a.createBucketOnce()
		a.createQueue("theirs", map[string]string{"Policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}`})
		a.putNotification(queueRule("thumbnails", []s3types.Event{s3types.EventS3ObjectCreated}, nil))
	}
	narrowed := func(a *account) {
		a.putNotification(queueRule("thumbnails", []s3types.Event{s3types.EventS3ObjectCreated}, keyFilter("photos/", "")))
	}
	attribute := func(queue, name, value string) func(*account) {
		return func(a *account) {
			s := a.setup(config())
			url, _, err := s.queue(a.t.Context(), queue)
			must(a.t, err)
			must(a.t, s.setAttribute(a.t.Context(), url, name, value))
		}
	}
	return []planted{
		{name: "the queue is being deleted", before: refusing("SQS CreateQueue", "AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds after deleting a queue."), mend: nothingFails,
			says: []string{"queue flowd-dead-letter: create it", "QueueDeletedRecently"}, next: "wait a minute"},
		{name: "the answer about the queue is lost", before: func(a *account) { a.lose = failing("SQS CreateQueue", 1, errors.New("connection reset by peer")) }, mend: nothingFails,
			says: []string{"connection reset by peer"}, next: "run the same command again"},
		{name: "the queue has a key that AWS manages", before: func(a *account) { a.createQueue("flowd", map[string]string{"KmsMasterKeyId": "alias/aws/sqs"}) },
			mend: attribute("flowd", "KmsMasterKeyId", ""),
			says: []string{"nothing was changed", "S3 cannot send with a key that AWS manages"}, next: "aws sqs set-queue-attributes"},
		{name: "the dead-letter queue takes nothing", before: func(a *account) {
			a.createQueue("flowd-dead-letter", map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"denyAll"}`})
		}, mend: attribute("flowd-dead-letter", "RedriveAllowPolicy", `{"redrivePermission":"allowAll"}`),
			says: []string{"nothing was changed", "does not take messages of queue flowd"}, next: "add the queue there, or give another --bootstrap.queue"},
		{name: "a notification of others overlaps", before: inTheWay, mend: narrowed,
			says: []string{"nothing was changed", `rule "thumbnails"`, "is in the way"}, next: "narrow it"},
		{name: "somebody takes the place of the notification", meantime: inTheWay, mend: narrowed,
			says: []string{`rule "thumbnails"`, "is in the way", "not done:"}, next: "narrow it"},
		{name: "S3 cannot reach the queue", before: refusing("S3 PutBucketNotificationConfiguration", "InvalidArgument", "Unable to validate the following destination configurations"), mend: nothingFails,
			says: []string{"Unable to validate"}, next: "every destination of the rules of others still exists"},
		{name: "the credentials expire half-way", before: refusing("S3 PutBucketNotificationConfiguration", "ExpiredToken", "The provided token has expired."), mend: nothingFails,
			says: []string{"The provided token has expired.", "done:\n   1. bucket"}, next: "renew the credentials"},
	}
}

// createBucketOnce bears with a bucket that is there.
func (a *account) createBucketOnce() {
	a.t.Helper()
	must(a.t, a.setup(config()).createBucket(a.t.Context()))
}

// plantedInFlowLogs are those of the last step, and of what is asked for.
func plantedInFlowLogs() []planted {
	both := func(c *Config) { c.ResourceIDs = []string{testVPC, testENI} }
	vpc := func(c *Config) { c.ResourceIDs = []string{testVPC} }
	return []planted{
		{name: "no permission to create flow logs", before: refusing("EC2 CreateFlowLogs", "UnauthorizedOperation", "You are not authorized to perform this operation."), mend: nothingFails,
			says: []string{"flow log of " + testVPC, "not authorized"}, next: "ec2:CreateFlowLogs"},
		{name: "an entry in Unsuccessful", before: answering(unsuccessful(always, "400", "LogDestination: acme-flow-logs is undeliverable")), mend: nothingFails,
			says: []string{"EC2 refused " + testVPC + ": 400", "undeliverable"}, next: "whose policy lets delivery.logs.amazonaws.com use it"},
		{name: "log delivery is denied for good", before: answering(unsuccessful(always, "400", "Access Denied for LogDestination: acme-flow-logs. Please check LogDestination permission")), mend: nothingFails,
			says: []string{"Please check LogDestination permission"}, next: "see that no statement in the policy of bucket acme-flow-logs and no policy of the organisation denies"},
		{name: "neither a flow log nor a reason", before: answering(unsuccessful(always, "", "")), mend: nothingFails,
			says: []string{"EC2 created no flow log and gave no reason"}, next: "run the same command again"},
		{name: "it exists already, and nobody sees it", before: refusing("EC2 CreateFlowLogs", "FlowLogAlreadyExists", "There is an existing Flow Log."), mend: nothingFails,
			says: []string{"none matches what is wanted"}, next: "run the same command again"},
		{name: "the limit of flow logs", before: refusing("EC2 CreateFlowLogs", "FlowLogsLimitExceeded", ""), mend: nothingFails,
			says: []string{"FlowLogsLimitExceeded"}, next: "delete flow logs that nobody reads"},
		{name: "a VPC of somewhere else", before: refusing("EC2 CreateFlowLogs", "InvalidVpcId.NotFound", "The vpc ID does not exist"), mend: nothingFails,
			says: []string{"InvalidVpcId.NotFound"}, next: "give resources of this Region and account"},
		{name: "resources that overlap", change: both, mend: nothingFails, settle: vpc,
			says: []string{"nothing was changed", testENI + " is inside " + testVPC, "every record counts twice"}, next: "leave one of them out"},
		{name: "a flow log that overlaps is there", before: func(a *account) { a.apply(config(func(c *Config) { c.ResourceIDs = []string{testENI} })) }, change: func(c *Config) { vpc(c); c.Prefix = "" },
			mend: nothingFails, settle: func(c *Config) { c.Force = true },
			says: []string{"nothing was changed", testENI + " is inside " + testVPC}, next: "go on with --bootstrap.force"},
		{name: "an interface that does not exist", change: func(c *Config) { c.ResourceIDs = []string{testVPC, "eni-0123456789abcdef0"} }, mend: nothingFails, settle: vpc,
			says: []string{"nothing was changed", "eni-0123456789abcdef0 does not exist in eu-central-1"}, next: "correct --bootstrap.resource-id"},
	}
}

// TestPlantedFailures plants one fault after another into an account. Each must be told with its cause and with what to do, and leave a state from
// which the next run finishes, once the cause is gone, without a trace.
func TestPlantedFailures(t *testing.T) {
	all := append(append(plantedInTheBucket(), plantedBehindIt()...), plantedInFlowLogs()...)
	const least = 30
	looked := 0
	for _, tc := range all {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, tc.play)
			looked++
		})
	}
	if looked < least {
		t.Errorf("looked at %d planted failures, want at least %d", looked, least)
	}
}

func (p planted) play(t *testing.T) {
	a, c := newAccount(t), config(everything)
	a.patient = true
	if p.change != nil {
		p.change(&c)
	}
	if p.before != nil {
		p.before(a)
	}
	text := fmt.Sprint(a.attempt(c, p.meantime))
	contains(t, text, append(p.says, p.next)...)
	if refused := strings.Contains(text, "nothing was changed"); !refused && strings.Count(text, "run the same command again") != 1 {
		t.Errorf("got %q, want it to say once that the same command goes on from here", text)
	}
	p.mend(a)
	if p.settle != nil {
		p.settle(&c)
	}
	a.apply(c)
	a.complete(c)
}

// attempt is a whole run, which must fail.
func (a *account) attempt(c Config, meantime func(*account)) error {
	a.t.Helper()
	s := a.setup(c)
	plan, err := s.Plan(a.t.Context())
	if err == nil {
		if meantime != nil {
			meantime(a)
		}
		_, err = s.Apply(a.t.Context(), plan)
	}
	if err == nil {
		a.t.Fatal("nothing failed")
	}
	return err
}
