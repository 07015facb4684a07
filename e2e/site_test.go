package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"flowd/internal/bootstrap"
)

const (
	account = "123456789012"
	region  = "us-east-1"
)

// site is a bucket with its queues in an account, set up by flowd's own set-up, and what is needed to talk to them.
type site struct {
	t        *testing.T
	endpoint string
	s3       *s3.Client
	sqs      *sqs.Client
	ec2      *ec2.Client
	setup    bootstrap.Config
	result   bootstrap.Result
}

// newSite sets up everything, with a flow log of a VPC.
func newSite(t *testing.T, name string) *site {
	t.Helper()
	s := connect(t, name)
	s.setup.ResourceIDs = []string{s.vpc()}
	s.apply()
	return s
}

// connect sets up nothing yet. The names are those of no other test, nor of an earlier run.
func connect(t *testing.T, name string) *site {
	t.Helper()
	s := &site{t: t, endpoint: os.Getenv("FLOWD_E2E_ENDPOINT")}
	if s.endpoint == "" {
		s.endpoint = startEndpoint(t)
	}
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region), config.WithBaseEndpoint(s.endpoint), config.WithHTTPClient(http.DefaultClient),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")))
	if err != nil {
		t.Fatal(err)
	}
	s.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	s.sqs, s.ec2 = sqs.NewFromConfig(cfg), ec2.NewFromConfig(cfg)
	unique := fmt.Sprintf("flowd-%s-%d", name, time.Now().UnixNano())
	s.setup = bootstrap.Config{
		Bucket: unique, Queue: unique, AccountID: account, Region: region, TrafficType: "all", Format: "recommended", Interval: time.Minute,
	}
	return s
}

// startEndpoint runs localawsd, which says where it listens.
func startEndpoint(t *testing.T) string {
	t.Helper()
	p := launch(t, filepath.Join(binaries, "localawsd"))
	p.until("the endpoint to listen", func() bool { return strings.HasSuffix(p.stdout.String(), "\n") })
	return strings.TrimSpace(p.stdout.String())
}

// vpc is one that the endpoint knows: some emulators refuse flow logs of a VPC that does not exist. Where none is listed any ID will do.
func (s *site) vpc() string {
	out, err := s.ec2.DescribeVpcs(s.t.Context(), &ec2.DescribeVpcsInput{})
	if err != nil || len(out.Vpcs) == 0 {
		return "vpc-0a1b2c3d4e5f60718"
	}
	return aws.ToString(out.Vpcs[0].VpcId) //nolint:forbidigo // The SDK spells it so.
}

// apply sets up, and plans once more: nothing may be missing then.
func (s *site) apply() {
	s.t.Helper()
	setup, err := bootstrap.New(s.setup, bootstrap.Clients{S3: s.s3, SQS: s.sqs, EC2: s.ec2})
	if err != nil {
		s.t.Fatal(err)
	}
	plan, err := setup.Plan(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	const least = 5 // Bucket, its policy, two queues, notification; and the flow log, where one is asked for.
	if len(plan.Steps) < least {
		s.t.Fatalf("steps for an empty account: got %d, want at least %d:\n%s", len(plan.Steps), least, plan)
	}
	if s.result, err = setup.Apply(s.t.Context(), plan); err != nil {
		s.t.Fatal(err)
	}
	if again, err := setup.Plan(s.t.Context()); err != nil || len(again.Steps) != 0 {
		s.t.Fatalf("planning again: got %v and steps\n%s, want no steps", err, again)
	}
	s.dropPolicy()
}

// dropPolicy deletes the bucket policy that the set-up wrote and the second plan found in order. moto enforces policies and ignores their
// conditions (put_bucket_policy in its s3/models.py says so), so that requiring TLS of everybody, and admitting log delivery under conditions,
// forbid every PutObject and GetObject there. Deliveries here are the owner's own, and need no policy.
func (s *site) dropPolicy() {
	s.t.Helper()
	if _, err := s.s3.DeleteBucketPolicy(s.t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &s.result.Bucket}); err != nil {
		s.t.Fatal(err)
	}
}

// put delivers an object; the bucket announces it.
func (s *site) put(key string, content []byte) {
	s.t.Helper()
	if _, err := s.s3.PutObject(s.t.Context(), &s3.PutObjectInput{Bucket: &s.result.Bucket, Key: &key, Body: bytes.NewReader(content)}); err != nil {
		s.t.Fatal(err)
	}
}

// send puts a message on the queue as it is.
func (s *site) send(text string) {
	s.t.Helper()
	if _, err := s.sqs.SendMessage(s.t.Context(), &sqs.SendMessageInput{QueueUrl: &s.result.QueueURL, MessageBody: &text}); err != nil {
		s.t.Fatal(err)
	}
}

// queue creates a queue without a redrive policy.
func (s *site) queue(name string) (url string) {
	s.t.Helper()
	out, err := s.sqs.CreateQueue(s.t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(s.setup.Queue + "-" + name)})
	if err != nil {
		s.t.Fatal(err)
	}
	return aws.ToString(out.QueueUrl)
}

// setReceives says how often a message may be received before it goes to the dead-letter queue.
func (s *site) setReceives(most int) {
	s.t.Helper()
	policy := fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:%s:%s-dead-letter","maxReceiveCount":%d}`, region, account, s.setup.Queue, most)
	_, err := s.sqs.SetQueueAttributes(s.t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: &s.result.QueueURL, Attributes: map[string]string{string(types.QueueAttributeNameRedrivePolicy): policy},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// messages is the number of messages on a queue, in flight or not.
func (s *site) messages(url string) int {
	s.t.Helper()
	out, err := s.sqs.GetQueueAttributes(s.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		s.t.Fatal(err)
	}
	sum := 0
	for _, name := range []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible} {
		n, err := strconv.Atoi(out.Attributes[string(name)])
		if err != nil {
			s.t.Fatalf("attribute %s of %s: %v", name, url, err)
		}
		sum += n
	}
	return sum
}

// deadLetter receives one message from the dead-letter queue.
func (s *site) deadLetter() string {
	s.t.Helper()
	out, err := s.sqs.ReceiveMessage(s.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &s.result.DeadLetterQueueURL, WaitTimeSeconds: 20})
	if err != nil || len(out.Messages) != 1 {
		s.t.Fatalf("receiving from the dead-letter queue: got %v, %v, want one message", out, err)
	}
	return aws.ToString(out.Messages[0].Body)
}
