package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// lookAtEncryption wants new objects encrypted by something that log delivery can use. A customer key that is there stays, unless another one is
// asked for.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-cmk-policy.html
func (p *planner) lookAtEncryption(ctx context.Context) error {
	have, err := p.encryption(ctx)
	if err != nil {
		return fmt.Errorf("reading the encryption of %s: %w", p.cfg.bucketName(), err)
	}
	key, want := aws.ToString(have.KMSMasterKeyID), p.cfg.KMSKeyARN
	managed := strings.HasPrefix(string(have.SSEAlgorithm), "aws:kms")
	switch {
	case want != "" && (!managed || key != want):
		p.plan.found.bucketKey, p.newKey = want, true
		p.step(p.cfg.bucketName(), fmt.Sprintf("encrypt new objects with key %s%s", want, instead(have)), p.encrypt)
	case have.SSEAlgorithm == "":
		p.step(p.cfg.bucketName(), "encrypt new objects with SSE-S3", p.encrypt)
	case !managed:
		p.found("%s encrypts new objects with SSE-S3", p.cfg.bucketName())
	case key == "" || strings.HasSuffix(key, "alias/aws/s3"):
		p.refuse("%s is encrypted with the key aws/s3 that AWS manages, and log delivery cannot write with it; give a customer managed key with --bootstrap.kms-key-arn, or another --bootstrap.bucket", p.cfg.bucketName())
	case !strings.HasPrefix(key, "arn:"):
		p.refuse("%s names its key by the ID %s, and log delivery wants the ARN; give the ARN of that key with --bootstrap.kms-key-arn", p.cfg.bucketName(), key)
	default:
		p.plan.found.bucketKey = key
		p.found("%s encrypts new objects with key %s", p.cfg.bucketName(), key)
	}
	return nil
}

// instead names the encryption that goes.
func instead(of types.ServerSideEncryptionByDefault) string {
	switch {
	case of.SSEAlgorithm == "":
		return ""
	case of.SSEAlgorithm == types.ServerSideEncryptionAes256:
		return " instead of SSE-S3"
	case of.KMSMasterKeyID == nil:
		return " instead of the key aws/s3"
	}
	return " instead of " + *of.KMSMasterKeyID
}

// encryption is what new objects get; nothing when there is no rule or no bucket.
func (p *planner) encryption(ctx context.Context) (none types.ServerSideEncryptionByDefault, err error) {
	if p.fresh {
		return none, nil
	}
	out, err := p.aws.S3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &p.cfg.Bucket, ExpectedBucketOwner: &p.cfg.AccountID})
	if err != nil || out.ServerSideEncryptionConfiguration == nil {
		return none, present(err)
	}
	for _, r := range out.ServerSideEncryptionConfiguration.Rules {
		if r.ApplyServerSideEncryptionByDefault != nil {
			return *r.ApplyServerSideEncryptionByDefault, nil
		}
	}
	return none, nil
}

func (s *Setup) encrypt(ctx context.Context) error {
	rule := types.ServerSideEncryptionRule{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256}}
	if s.cfg.KMSKeyARN != "" {
		rule.ApplyServerSideEncryptionByDefault = &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms, KMSMasterKeyID: &s.cfg.KMSKeyARN}
		rule.BucketKeyEnabled = aws.Bool(true) // One call on the key for many objects.
	}
	_, err := s.aws.S3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{
		Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID,
		ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{rule}},
	})
	return err
}

// warnOfKey says what is left to the owner of the key.
func (p *planner) warnOfKey() {
	if key := p.plan.found.bucketKey; key != "" {
		p.warn("%s", p.cfg.objectKeyAdvice(key))
	}
}

// objectKeyAdvice has the statement that lets log delivery use the key of the bucket. flowd does not write it: a key may guard more than these
// objects, and whoever owns it decides.
func (c Config) objectKeyAdvice(key string) string {
	return fmt.Sprintf("flowd does not change keys: unless it is there, add this statement to the policy of key %s yourself; without it every delivery fails\n%s", key, statementText(map[string]any{
		"Sid": "FlowdLogDelivery", "Effect": "Allow", "Principal": map[string]any{"Service": deliveryService},
		"Action":    []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"},
		"Resource":  "*",
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": c.AccountID}, "ArnLike": map[string]any{"aws:SourceArn": c.deliverySource()}},
	}))
}

func statementText(statement map[string]any) string {
	text, err := json.Marshal(statement)
	if err != nil {
		return err.Error() // Only strings come here, and they marshal.
	}
	return string(text)
}
