package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// everything asks for all that a set-up can have.
func everything(c *Config) {
	c.ResourceIDs = []string{testVPC, testTransit}
	c.Retention, c.Prefix, c.Tags = 400*day, "net", map[string]string{"team": "net"}
}

// wantedWrites are what everything takes on an empty account, in order.
func wantedWrites() []string {
	return []string{
		"S3 CreateBucket", "S3 PutPublicAccessBlock", "S3 PutBucketEncryption", "S3 PutBucketOwnershipControls", "S3 PutBucketLifecycleConfiguration", "S3 PutBucketPolicy",
		"SQS CreateQueue", "SQS CreateQueue", "S3 PutBucketNotificationConfiguration", "EC2 CreateFlowLogs", "EC2 CreateFlowLogs",
	}
}

func TestAFreshAccountGetsEverythingAndThenNothing(t *testing.T) {
	a, c := newAccount(t), config(everything)
	a.apply(c)
	if got := a.writes(); !slices.Equal(got, wantedWrites()) {
		t.Errorf("got the write calls %v, want %v: the policy before the flow log, the dead-letter queue before the queue", got, wantedWrites())
	}
	p := a.complete(c)
	a.calls = nil
	r, err := a.setup(c).Apply(t.Context(), p)
	if err != nil || len(a.calls) > 0 || len(r.FlowLogIDs) != 2 || r.QueueURL == "" || r.DeadLetterQueueURL == "" {
		t.Errorf("applying an empty plan made the calls %v and gave %+v, %v; want no call and the whole result", a.calls, r, err)
	}
}

func TestADeliveryReachesTheQueue(t *testing.T) {
	for _, c := range []Config{config(), config(everything), config(func(c *Config) { c.Prefix, c.Hive = "my team", true })} {
		a := newAccount(t)
		r := a.apply(c)
		must(t, a.server.Deliver(t.Context(), testBucket, r.Prefixes[0]+testRegion+"/2026/11/24/x.log.gz", []byte("x")))
		out, err := a.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &r.QueueURL, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
		must(t, err)
		if got := out.Attributes["ApproximateNumberOfMessages"]; got != "2" {
			t.Errorf("prefix %q: got %s messages, want the test event and the notification", c.Prefix, got)
		}
	}
}

// TestEveryWriteMayFail fails each write call in turn: refused, or done with its answer lost.
func TestEveryWriteMayFail(t *testing.T) {
	for n := range wantedWrites() {
		for name, plant := range map[string]func(*account, error){
			"refused": func(a *account, err error) { a.fail = nthWrite(n, err) },
			"lost":    func(a *account, err error) { a.lose = nthWrite(n, err) },
		} {
			t.Run(fmt.Sprintf("%s %d %s", wantedWrites()[n], n, name), func(t *testing.T) {
				a, c := newAccount(t), config(everything)
				plan := a.plan(c)
				plant(a, awsError("AccessDenied", "no"))
				_, err := a.setup(c).Apply(t.Context(), plan)
				var step *StepError
				if !errors.As(err, &step) || len(step.Done) != n || len(step.NotDone) != len(plan.Steps)-n {
					t.Fatalf("got %v, want step %d to fail, with the others told apart", err, n+1)
				}
				done, rest, _ := strings.Cut(err.Error(), "\nnot done:\n")
				notDone, next, _ := strings.Cut(rest, "next: ")
				if n > 0 {
					contains(t, done, fmt.Sprintf(" %d. %s", n, plan.Steps[n-1]))
				} else {
					contains(t, done, "done:\n      nothing")
				}
				contains(t, notDone, fmt.Sprintf(" %d. %s", n+1, plan.Steps[n]))
				contains(t, next, "the role that sets up needs ", "run the same command again")
				a.fail, a.lose, a.calls = nil, nil, nil
				a.apply(c)
				want := wantedWrites()[n:]
				if name == "lost" {
					want = want[1:]
				}
				if got := a.writes(); !slices.Equal(got, want) {
					t.Errorf("running again made the write calls %v, want what was not done: %v", got, want)
				}
				a.complete(c)
			})
		}
	}
}

func TestWhatPassesWithTimeIsTriedAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		call string
		err  error
	}{
		"the queue policy is on its way to S3":    {"S3 PutBucketNotificationConfiguration", awsError("InvalidArgument", "Unable to validate the following destination configurations")},
		"the bucket is not everywhere yet":        {"S3 PutPublicAccessBlock", awsError("NoSuchBucket", "")},
		"the bucket was deleted a moment ago":     {"S3 CreateBucket", awsError("OperationAborted", "")},
		"the queue was deleted a moment ago":      {"SQS CreateQueue", awsError("AWS.SimpleQueueService.QueueDeletedRecently", "")},
		"the dead-letter queue is not known yet":  {"SQS CreateQueue", awsError("InvalidParameterValue", "Dead-letter target does not exist")},
		"the bucket policy is on its way to logs": {"EC2 CreateFlowLogs", errDestinationDenied},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				a.patient = true
				var lines []string
				c := config(func(c *Config) { c.Progress = func(line string) { lines = append(lines, line) } })
				plan := a.plan(c)
				a.fail = failing(tc.call, 3, tc.err)
				start := time.Now()
				_, err := a.setup(c).Apply(t.Context(), plan)
				if took := time.Since(start); err != nil || took != 7*time.Second {
					t.Fatalf("got %v after %s, want success after 1 + 2 + 4 seconds", err, took)
				}
				contains(t, strings.Join(lines, "\n"), "waiting 1s", "waiting 2s", "waiting 4s")
			})
		})
	}
}

func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := newAccount(t), config()
		a.patient = true
		plan := a.plan(c)
		a.fail = failing("S3 PutBucketNotificationConfiguration", always, awsError("InvalidArgument", "Unable to validate the following destination configurations"))
		start := time.Now()
		_, err := a.setup(c).Apply(t.Context(), plan)
		if took := time.Since(start); err == nil || took != 63*time.Second {
			t.Fatalf("got %v after %s, want an error after 63 seconds", err, took)
		}
		contains(t, err.Error(), "denies s3.amazonaws.com", "its key")
		a.fail = nil
		a.apply(c)
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := newAccount(t), config()
		a.patient = true
		plan := a.plan(c)
		a.fail = failing("S3 CreateBucket", always, awsError("OperationAborted", ""))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := a.setup(c).Apply(ctx, plan)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the end of the context", err)
		}
	})
}

func TestTheSetUpIsBelievedWhenItIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := newAccount(t), config()
		a.patient = true
		plan := a.plan(c)
		a.fail = failing("SQS GetQueueUrl", 4, awsError("QueueDoesNotExist", "")) // Two readings, of two queues.
		start := time.Now()
		_, err := a.setup(c).Apply(t.Context(), plan)
		if took := time.Since(start); err != nil || took != 3*time.Second {
			t.Errorf("got %v after %s, want success when the queues are shown, after 1 + 2 seconds", err, took)
		}
		a.fail = failing("SQS GetQueueUrl", always, awsError("QueueDoesNotExist", ""))
		_, err = a.setup(c).Apply(t.Context(), Plan{})
		if !errors.Is(err, ErrIncomplete) {
			t.Fatalf("got %v, want ErrIncomplete", err)
		}
		contains(t, err.Error(), "run the same command again", "queue flowd: create it")
	})
}

func TestProgressNamesEveryStep(t *testing.T) {
	var lines []string
	a, c := newAccount(t), config(func(c *Config) { c.Progress = func(line string) { lines = append(lines, line) } })
	plan := a.plan(c)
	a.apply(c)
	if len(lines) != len(plan.Steps)+1 || lines[0] != plan.Steps[0].String() || !strings.Contains(lines[len(lines)-1], "reading again") {
		t.Errorf("got %d lines of progress, want one for each of %d steps and one for reading again:\n%s", len(lines), len(plan.Steps), strings.Join(lines, "\n"))
	}
}
