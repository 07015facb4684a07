package bootstrap

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryCallHasItsPermission holds the list of actions against the interfaces, both ways.
func TestEveryCallHasItsPermission(t *testing.T) {
	calls := map[string]bool{}
	for service, api := range map[string]reflect.Type{"S3": reflect.TypeFor[S3API](), "SQS": reflect.TypeFor[SQSAPI](), "EC2": reflect.TypeFor[EC2API]()} {
		for i := range api.NumMethod() {
			calls[service+" "+api.Method(i).Name] = true
		}
	}
	if len(calls) < 20 {
		t.Fatalf("saw %d calls, want at least 20", len(calls))
	}
	listed := map[string]bool{}
	for _, a := range Actions() {
		call := a.Service + " " + a.Operation
		if !calls[call] || listed[call] {
			t.Errorf("%s is listed, and the set-up does not call it, or it is listed twice", call)
		}
		listed[call] = true
		if reads := regexp.MustCompile(`^(Get|Head|Describe)`).MatchString(a.Operation); reads == a.Write {
			t.Errorf("%s: got write %t", call, a.Write)
		}
	}
	for call := range calls {
		if !listed[call] {
			t.Errorf("%s is called, and has no permission in the list", call)
		}
	}
}

func TestPermissionsAreNarrow(t *testing.T) {
	anywhere := []string{}
	for _, a := range Actions() {
		if len(a.Permissions) == 0 {
			t.Errorf("%s has no permission", a.Operation)
		}
		for _, p := range a.Permissions {
			if !regexp.MustCompile(`^(s3|sqs|ec2|logs):[A-Z][A-Za-z]+$`).MatchString(p.Action) || len(p.Resources) == 0 {
				t.Errorf("%s needs %q on %v, want one action on some resource", a.Operation, p.Action, p.Resources)
			}
			if slices.Contains(p.Resources, "*") {
				anywhere = append(anywhere, p.Action)
			}
		}
	}
	want := []string{"ec2:DescribeFlowLogs", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DescribeTransitGatewayAttachments", "logs:CreateLogDelivery", "logs:DeleteLogDelivery"}
	if slices.Sort(anywhere); !slices.Equal(anywhere, want) {
		t.Errorf("got permissions on everything %v, want those that IAM cannot limit: %v", anywhere, want)
	}
}

// policyOf reads a policy back.
func policyOf(t *testing.T, text string) []statement {
	t.Helper()
	var p struct{ Statement []statement }
	must(t, json.Unmarshal([]byte(text), &p))
	if len(p.Statement) < 3 || strings.Contains(text, "${") {
		t.Fatalf("got the policy %s, want at least three statements with everything filled in", text)
	}
	return p.Statement
}

func TestThePolicyOfTheSetUp(t *testing.T) {
	for _, readOnly := range []bool{true, false} {
		var got, want []string
		for _, st := range policyOf(t, config().SetupPolicy(readOnly)) {
			got = append(got, st.Action...)
		}
		for _, a := range Actions() {
			for _, p := range a.Permissions {
				if !a.Write || !readOnly {
					want = append(want, p.Action)
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("read only %t: got the permissions %v, want %v", readOnly, got, want)
		}
	}
}

// TestThePolicyOfTheRunTime has nothing that writes, sends or reaches beyond the set-up.
func TestThePolicyOfTheRunTime(t *testing.T) {
	a := newAccount(t)
	seen := 0
	for _, st := range policyOf(t, a.apply(config(everything)).RuntimePolicy()) {
		for _, action := range st.Action {
			seen++
			if !regexp.MustCompile(`^(sqs:(Receive|Delete|ChangeMessageVisibility|Get)|s3:(GetObject|ListBucket))`).MatchString(action) || strings.Contains(action, "*") {
				t.Errorf("got the right to %s, want reading and deleting messages only", action)
			}
		}
		for _, resource := range st.Resource {
			if !regexp.MustCompile(`^arn:aws:(sqs:eu-central-1:123456789012:flowd(-dead-letter)?|s3:::acme-flow-logs(/net/AWSLogs/123456789012/vpcflowlogs/\*)?)$`).MatchString(resource) {
				t.Errorf("got rights on %s, want the queues, the bucket and flowd's folder only", resource)
			}
		}
	}
	if seen != 10 {
		t.Errorf("looked at %d permissions, want 10: 5 on the queue, 2 on the dead-letter queue, 3 on the bucket", seen)
	}
}

func TestKeysInThePolicyOfTheRunTime(t *testing.T) {
	for _, tc := range []struct{ region, queueKey, want string }{
		{"eu-central-1", testKey, testKey},
		{"eu-central-1", "1234abcd", "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"},
		{"eu-central-1", "alias/acme", "arn:aws:kms:eu-central-1:123456789012:key/*"},
		{"cn-north-1", "1234abcd", "sqs.cn-north-1.amazonaws.com.cn"},
	} {
		r := Result{cfg: config(func(c *Config) { c.Region = tc.region }), found: facts{queueKey: tc.queueKey}, Prefixes: []string{"AWSLogs/"}}
		contains(t, r.RuntimePolicy(), tc.want, "kms:ViaService")
	}
}

// TestRightsThatAreMissingAreNamedAtOnce fails every read but the first.
func TestRightsThatAreMissingAreNamedAtOnce(t *testing.T) {
	a := newAccount(t)
	a.createBucket(testBucket)
	a.fail = func(call string) error {
		switch {
		case call == "S3 HeadBucket" || isWrite(call):
			return nil
		case strings.HasPrefix(call, "EC2"):
			return awsError("UnauthorizedOperation", "You are not authorized to perform this operation.")
		}
		return awsError("AccessDenied", "no")
	}
	contains(t, a.refused(config(everything)), "s3:GetBucketPublicAccessBlock", "s3:GetEncryptionConfiguration", "s3:GetBucketOwnershipControls", "s3:GetLifecycleConfiguration",
		"s3:GetBucketPolicy", "sqs:GetQueueUrl", "s3:GetBucketNotification", "ec2:DescribeFlowLogs")
}

func TestAdvice(t *testing.T) {
	for code, want := range map[string]string{
		"ExpiredToken": "renew the credentials", "InvalidAccessKeyId": "whose credentials", "RequestTimeTooSkewed": "set the clock", "BucketAlreadyExists": "--bootstrap.bucket",
		"TooManyBuckets": "quota", "OperationAborted": "up to an hour", "QueueDeletedRecently": "wait a minute", "FlowLogsLimitExceeded": "delete flow logs", "MalformedPolicy": "mend the statement",
		"InvalidBucketAclWithObjectOwnership": "into its policy", "LogDestinationNotFoundException": "the bucket exists", "InvalidVpcID.NotFound": "this Region and account",
		"InvalidTransitGatewayID.NotFound": "transit gateway of this Region", "AccessDenied": "ask for the right",
	} {
		contains(t, newAccount(t).setup(config()).advise(awsError(code, "")), want)
	}
	if got := newAccount(t).setup(config()).advise(fmt.Errorf("something else")); got != "" {
		t.Errorf("got the advice %q for an error that nobody knows, want none", got)
	}
}

// TestAnErrorOfAReadStops does not go on to guess.
func TestAnErrorOfAReadStops(t *testing.T) {
	seen := 0
	for _, action := range Actions() {
		if action.Write || strings.HasPrefix(action.Operation, "DescribeN") || strings.HasPrefix(action.Operation, "DescribeS") || strings.HasPrefix(action.Operation, "DescribeT") {
			continue
		}
		seen++
		a := newAccount(t)
		a.createBucket(testBucket)
		a.createQueue("flowd", nil)
		a.fail = failing(action.Service+" "+action.Operation, always, awsError("ExpiredToken", "The provided token has expired."))
		_, err := a.setup(config(everything)).Plan(t.Context())
		contains(t, fmt.Sprint(err), "The provided token has expired.", "renew the credentials")
	}
	if seen < 11 {
		t.Errorf("looked at %d reads, want at least 11", seen)
	}
}
