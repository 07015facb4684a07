package bootstrap

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// inspectBucket wants a bucket that nobody outside can read, that is encrypted, and whose objects belong to its owner.
func (s *Setup) inspectBucket(ctx context.Context) ([]Step, error) {
	name := "bucket " + s.cfg.Bucket
	_, err := s.aws.S3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID})
	missing := absent(err)
	if err != nil && !missing {
		return nil, fmt.Errorf("looking at %s: %w (it exists and belongs to another account, or s3:ListBucket is missing)", name, err)
	}
	var steps []Step
	add := func(ok bool, action string, apply func(context.Context) error) {
		if !ok {
			steps = append(steps, Step{name, action, apply})
		}
	}
	add(!missing, "create it in "+s.cfg.Region, s.createBucket)
	blocked, encrypted, enforced := false, false, false
	if !missing {
		if blocked, err = s.publicAccessBlocked(ctx); err != nil {
			return nil, fmt.Errorf("looking at the public access block of %s: %w", name, err)
		}
		if encrypted, err = s.encrypted(ctx); err != nil {
			return nil, fmt.Errorf("looking at the encryption of %s: %w", name, err)
		}
		if enforced, err = s.ownerEnforced(ctx); err != nil {
			return nil, fmt.Errorf("looking at the ownership controls of %s: %w", name, err)
		}
	}
	add(blocked, "block public access", s.blockPublicAccess)
	add(encrypted, "encrypt new objects with SSE-S3", s.encrypt)
	add(enforced, "let the bucket owner own every object", s.enforceOwner)
	return steps, nil
}

func (s *Setup) createBucket(ctx context.Context) error {
	in := &s3.CreateBucketInput{Bucket: &s.cfg.Bucket}
	if s.cfg.Region != "us-east-1" { // The oldest region must not be named.
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(s.cfg.Region)}
	}
	_, err := s.aws.S3.CreateBucket(ctx, in)
	return err
}

func (s *Setup) publicAccessBlocked(ctx context.Context) (bool, error) {
	out, err := s.aws.S3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &s.cfg.Bucket})
	if err != nil || out.PublicAccessBlockConfiguration == nil {
		return false, present(err)
	}
	c := out.PublicAccessBlockConfiguration
	return aws.ToBool(c.BlockPublicAcls) && aws.ToBool(c.BlockPublicPolicy) && aws.ToBool(c.IgnorePublicAcls) && aws.ToBool(c.RestrictPublicBuckets), nil
}

// present drops an error that only says that there is none.
func present(err error) error {
	if absent(err) {
		return nil
	}
	return err
}

func (s *Setup) blockPublicAccess(ctx context.Context) error {
	yes := aws.Bool(true)
	_, err := s.aws.S3.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &s.cfg.Bucket, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
		BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes,
	}})
	return err
}

// encrypted takes any encryption that is there: a customer key stays one.
func (s *Setup) encrypted(ctx context.Context) (bool, error) {
	out, err := s.aws.S3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &s.cfg.Bucket})
	if err != nil {
		return false, present(err)
	}
	return out.ServerSideEncryptionConfiguration != nil && len(out.ServerSideEncryptionConfiguration.Rules) > 0, nil
}

func (s *Setup) encrypt(ctx context.Context) error {
	_, err := s.aws.S3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &s.cfg.Bucket, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256}}},
	}})
	return err
}

func (s *Setup) ownerEnforced(ctx context.Context) (bool, error) {
	out, err := s.aws.S3.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &s.cfg.Bucket})
	if err != nil {
		return false, present(err)
	}
	for _, r := range out.OwnershipControls.Rules {
		if r.ObjectOwnership == types.ObjectOwnershipBucketOwnerEnforced {
			return true, nil
		}
	}
	return false, nil
}

func (s *Setup) enforceOwner(ctx context.Context) error {
	_, err := s.aws.S3.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: &s.cfg.Bucket, OwnershipControls: &types.OwnershipControls{
		Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}},
	}})
	return err
}
