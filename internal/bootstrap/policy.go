package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// maxBucketPolicy is S3's limit, in bytes.
const maxBucketPolicy = 20 << 10

// document is a policy whose statements are kept as they were written: those of others go back byte for byte.
type document struct {
	rest       map[string]json.RawMessage
	statements []json.RawMessage
}

func parseDocument(text string) (document, error) {
	d := document{rest: map[string]json.RawMessage{"Version": json.RawMessage(`"2012-10-17"`)}}
	if text == "" {
		return d, nil
	}
	if err := json.Unmarshal([]byte(text), &d.rest); err != nil {
		return d, fmt.Errorf("the policy does not parse: %w", err)
	}
	raw := d.rest["Statement"]
	if len(raw) > 0 && raw[0] == '{' { // One statement need not be in a list.
		d.statements = []json.RawMessage{raw}
		return d, nil
	}
	if len(raw) == 0 {
		return d, nil
	}
	if err := json.Unmarshal(raw, &d.statements); err != nil {
		return d, fmt.Errorf("the statements of the policy do not parse: %w", err)
	}
	return d, nil
}

// merge puts statements in the place of those with the same Sid, or at the end. It reports whether that changed anything.
func (d *document) merge(statements ...map[string]any) (changed bool, err error) {
	for _, want := range statements {
		text, err := json.Marshal(want)
		if err != nil {
			return false, fmt.Errorf("writing a policy statement: %w", err)
		}
		i := d.find(want["Sid"].(string))
		if i >= 0 && sameJSON(d.statements[i], text) {
			continue
		}
		changed = true
		if i >= 0 {
			d.statements[i] = text
		} else {
			d.statements = append(d.statements, text)
		}
	}
	return changed, nil
}

func (d *document) find(sid string) int {
	for i, raw := range d.statements {
		var st struct{ Sid string }
		if json.Unmarshal(raw, &st) == nil && st.Sid == sid {
			return i
		}
	}
	return -1
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

func (d *document) text() (string, error) {
	raw, err := json.Marshal(d.statements)
	if err != nil {
		return "", fmt.Errorf("writing the policy: %w", err)
	}
	d.rest["Statement"] = raw
	text, err := json.Marshal(d.rest)
	return string(text), err
}

// deliveryStatements let the log delivery service write below our folder for our account, and nobody use the bucket without TLS.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
func (c Config) deliveryStatements() []map[string]any {
	service := map[string]any{"Service": "delivery.logs.amazonaws.com"}
	source := map[string]any{"aws:SourceArn": fmt.Sprintf("arn:%s:logs:%s:%s:*", c.partition(), c.Region, c.AccountID)}
	return []map[string]any{
		{
			"Sid": "FlowdLogDeliveryWrite", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
			"Resource": fmt.Sprintf("%s/%sAWSLogs/%s/*", c.bucketARN(), c.folder(), c.AccountID),
			"Condition": map[string]any{
				"StringEquals": map[string]any{"aws:SourceAccount": c.AccountID, "s3:x-amz-acl": "bucket-owner-full-control"}, "ArnLike": source,
			},
		},
		{
			"Sid": "FlowdLogDeliveryAclCheck", "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": c.bucketARN(),
			"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": c.AccountID}, "ArnLike": source},
		},
		{
			"Sid": "FlowdTLSOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
			"Resource":  []any{c.bucketARN(), c.bucketARN() + "/*"},
			"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		},
	}
}

// inspectPolicy comes before the flow log: AWS would otherwise write a policy of its own, and documents differ on whether it replaces ours.
func (s *Setup) inspectPolicy(ctx context.Context) ([]Step, error) {
	name := "policy of bucket " + s.cfg.Bucket
	out, err := s.aws.S3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &s.cfg.Bucket})
	if err != nil && !absent(err) {
		return nil, fmt.Errorf("reading the %s: %w", name, err)
	}
	text := ""
	if err == nil {
		text = aws.ToString(out.Policy)
	}
	d, err := parseDocument(text)
	if err != nil {
		return nil, fmt.Errorf("reading the %s: %w", name, err)
	}
	changed, err := d.merge(s.cfg.deliveryStatements()...)
	if err != nil || !changed {
		return nil, err
	}
	merged, err := d.text()
	if err != nil {
		return nil, err
	}
	if len(merged) > maxBucketPolicy {
		return nil, fmt.Errorf("the %s would have %d bytes, S3 takes %d: remove statements that are not needed", name, len(merged), maxBucketPolicy)
	}
	return []Step{{name, fmt.Sprintf("let log delivery write to %sAWSLogs/%s/, and require TLS; %d statements of others stay", s.cfg.folder(), s.cfg.AccountID, len(d.statements)-3), func(ctx context.Context) error {
		_, err := s.aws.S3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &s.cfg.Bucket, Policy: &merged})
		return err
	}}}, nil
}
