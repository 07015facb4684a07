package bootstrap

import (
	"slices"
	"strings"
)

// Action is one AWS call that the set-up may make, and what a role needs for it.
type Action struct {
	Service     string // S3, SQS or EC2, as the SDK names it.
	Operation   string // As the SDK names it, and the interfaces of [Clients].
	Write       bool   // It changes something; a start where nothing is missing does not call it.
	Permissions []Permission
}

// Permission is an IAM action and what it is needed on.
type Permission struct {
	Action string // Such as "s3:GetBucketPolicy".
	// Resources are ARN patterns with ${Partition}, ${Region}, ${Account}, ${Bucket} and ${Queue} to be filled in. A lone star is for actions
	// that IAM cannot limit to a resource.
	Resources []string
}

// ARN patterns, as IAM's service authorization reference has them.
const (
	onBucket = "arn:${Partition}:s3:::${Bucket}"
	onQueue  = "arn:${Partition}:sqs:${Region}:${Account}:${Queue}"
	onDead   = onQueue + "-dead-letter"
	onEC2    = "arn:${Partition}:ec2:${Region}:${Account}:"
	onAny    = "*"
)

// Actions are all calls of the set-up with their permissions. Where names differ, IAM's is not the operation's: HeadBucket is s3:ListBucket.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
func Actions() []Action {
	s3 := func(operation, action string) Action {
		return Action{"S3", operation, false, []Permission{{"s3:" + action, []string{onBucket}}}}
	}
	queue := func(operation string) Action {
		return Action{"SQS", operation, false, []Permission{{"sqs:" + operation, []string{onQueue, onDead}}}}
	}
	describe := func(operation string) Action {
		return Action{"EC2", operation, false, []Permission{{"ec2:" + operation, []string{onAny}}}}
	}
	return []Action{
		s3("HeadBucket", "ListBucket"),
		s3("GetBucketAcl", "GetBucketAcl"),
		s3("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
		s3("GetBucketEncryption", "GetEncryptionConfiguration"),
		s3("GetBucketOwnershipControls", "GetBucketOwnershipControls"),
		s3("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
		s3("GetBucketPolicy", "GetBucketPolicy"),
		s3("GetBucketNotificationConfiguration", "GetBucketNotification"),
		queue("GetQueueUrl"),
		queue("GetQueueAttributes"),
		describe("DescribeFlowLogs"),
		describe("DescribeNetworkInterfaces"),
		describe("DescribeSubnets"),
		describe("DescribeTransitGatewayAttachments"),

		writes(s3("CreateBucket", "CreateBucket"), Permission{"s3:TagResource", []string{onBucket}}), // With tags.
		writes(s3("PutPublicAccessBlock", "PutBucketPublicAccessBlock")),
		writes(s3("PutBucketEncryption", "PutEncryptionConfiguration")),
		writes(s3("PutBucketOwnershipControls", "PutBucketOwnershipControls")),
		writes(s3("PutBucketLifecycleConfiguration", "PutLifecycleConfiguration")),
		writes(s3("PutBucketPolicy", "PutBucketPolicy")),
		writes(s3("PutBucketNotificationConfiguration", "PutBucketNotification")),
		writes(queue("CreateQueue"), Permission{"sqs:TagQueue", []string{onQueue, onDead}}),
		writes(queue("SetQueueAttributes")),
		createFlowLogs(),
	}
}

func writes(a Action, more ...Permission) Action {
	a.Write, a.Permissions = true, append(a.Permissions, more...)
	return a
}

// createFlowLogs lets AWS make a log delivery in the caller's name, and tag what it creates.
func createFlowLogs() Action {
	var resources []string
	for _, kind := range []string{"vpc-flow-log", "vpc", "subnet", "network-interface", "transit-gateway", "transit-gateway-attachment"} {
		resources = append(resources, onEC2+kind+"/*")
	}
	return Action{"EC2", "CreateFlowLogs", true, []Permission{
		{"ec2:CreateFlowLogs", resources},
		{"ec2:CreateTags", []string{onEC2 + "vpc-flow-log/*"}},
		{"logs:CreateLogDelivery", []string{onAny}},
		{"logs:DeleteLogDelivery", []string{onAny}},
	}}
}

// SetupPolicy is an IAM policy, in JSON, that lets a role make this set-up. With readOnly it is what a start needs where nothing is missing.
func (c Config) SetupPolicy(readOnly bool) string {
	fill := strings.NewReplacer("${Partition}", c.partition(), "${Region}", c.Region, "${Account}", c.AccountID, "${Bucket}", c.Bucket, "${Queue}", c.Queue)
	byResource := map[string][]string{}
	for _, a := range Actions() {
		for _, p := range a.Permissions {
			if key := fill.Replace(strings.Join(p.Resources, " ")); !a.Write || !readOnly {
				byResource[key] = append(byResource[key], p.Action)
			}
		}
	}
	var statements []policyStatement
	for _, key := range sortedKeys(byResource) {
		slices.Sort(byResource[key])
		statements = append(statements, policyStatement{"", "Allow", byResource[key], strings.Fields(key), nil})
	}
	return policyText(statements)
}
