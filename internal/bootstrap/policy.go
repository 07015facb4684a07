package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// maxBucketPolicy is S3's limit, in bytes.
const maxBucketPolicy = 20 << 10

// deliveryService writes flow logs, in every partition.
const deliveryService = "delivery.logs.amazonaws.com"

// deliverySource is what the log delivery service names as the source of a delivery. It is of the logs service, not of EC2.
func (c Config) deliverySource() string {
	return fmt.Sprintf("arn:%s:logs:%s:%s:*", c.partition(), c.Region, c.AccountID)
}

// deliveryStatements let the log delivery service write below our folder for our account, and nobody use the bucket without TLS. The condition on
// the ACL holds in every ownership mode: where ACLs are off, S3 still takes this one. Both layouts of keys are admitted, because a flow log that
// exists keeps its layout when the set-up goes over to the other one.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
func (c Config) deliveryStatements() []map[string]any {
	service := map[string]any{"Service": deliveryService}
	source := map[string]any{"aws:SourceArn": c.deliverySource()}
	below := c.bucketARN() + "/" + c.folder() + "AWSLogs/"
	return []map[string]any{
		{
			"Sid": unique("FlowdLogDeliveryWrite", c.AccountID, c.Region, c.Prefix), "Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
			"Resource": []string{below + c.AccountID + "/*", below + "aws-account-id=" + c.AccountID + "/*"},
			"Condition": map[string]any{
				"StringEquals": map[string]any{"aws:SourceAccount": c.AccountID, "s3:x-amz-acl": "bucket-owner-full-control"}, "ArnLike": source,
			},
		},
		{
			"Sid": unique("FlowdLogDeliveryAclCheck", c.AccountID, c.Region), "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": c.bucketARN(),
			"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": c.AccountID}, "ArnLike": source},
		},
		tlsOnly("s3:*", c.bucketARN(), c.bucketARN()+"/*"),
	}
}

func tlsOnly(action string, resources ...string) map[string]any {
	return map[string]any{
		"Sid": "FlowdTLSOnly", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resources,
		"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
	}
}

// lookAtPolicy comes before the flow log: AWS would otherwise write a policy of its own, and documents differ on whether it replaces ours.
func (p *planner) lookAtPolicy(ctx context.Context) error {
	text, err := p.bucketPolicy(ctx)
	if err != nil {
		return err
	}
	name := "policy of " + p.cfg.bucketName()
	d, err := parseDocument(text)
	if err != nil {
		return fmt.Errorf("reading the %s: %w", name, err)
	}
	p.lookAtDenials(name, d.statements)
	changed := d.merge(p.cfg.deliveryStatements()...)
	others := len(d.statements) - len(p.cfg.deliveryStatements())
	switch size := len(d.text()); {
	case !changed:
		p.found("%s: log delivery may write, TLS is required", name)
	case size > maxBucketPolicy:
		p.refuse("%s would have %d bytes, and S3 takes %d: remove some of the %s of others, or give another --bootstrap.bucket", name, size, maxBucketPolicy, count(others, "statement"))
	default:
		p.step(name, fmt.Sprintf("let log delivery write to %sAWSLogs/ for account %s, and require TLS for the whole bucket%s", p.cfg.folder(), p.cfg.AccountID, stay(others, "statement")), p.writePolicy)
	}
	return nil
}

// lookAtDenials finds what would silence a flow log. A denial that leaves no doubt is refused; flowd cannot mend a statement of others.
func (p *planner) lookAtDenials(name string, statements []json.RawMessage) {
	for _, raw := range statements {
		st, worst := parseStatement(raw), no
		for _, a := range p.cfg.attempts() {
			worst = max(worst, st.denies(a))
		}
		switch {
		case worst == yes:
			p.refuse("statement %s in the %s denies log delivery, and no record would ever arrive: except %s from it, or give another --bootstrap.bucket", st.name(), name, deliveryService)
		case worst == maybe:
			p.warn("statement %s in the %s may deny log delivery, which flowd cannot tell from its conditions; if nothing arrives, except %s from it", st.name(), name, deliveryService)
		case st.NotPrincipal != nil || st.NotAction != nil:
			p.warn("statement %s in the %s has NotPrincipal or NotAction, and AWS does not amend such a policy by itself; flowd's own statements are enough", st.name(), name)
		}
	}
}

// bucketPolicy is empty when there is none.
func (s *Setup) bucketPolicy(ctx context.Context) (string, error) {
	out, err := s.aws.S3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID})
	if absent(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the policy of %s: %w", s.cfg.bucketName(), err)
	}
	return aws.ToString(out.Policy), nil
}

func (s *Setup) writePolicy(ctx context.Context) error {
	text, err := s.bucketPolicy(ctx)
	if err != nil {
		return err
	}
	d, err := parseDocument(text)
	if err != nil || !d.merge(s.cfg.deliveryStatements()...) {
		return err
	}
	merged := d.text()
	_, err = s.aws.S3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID, Policy: &merged})
	return err
}
