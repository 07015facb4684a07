package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (c Config) bucketName() string { return "bucket " + c.Bucket }

// findBucket comes first: where the bucket is out of reach, nothing else about it can be read. Every call names the owner that is expected, so
// that a bucket which somebody else registered under the same name is never written to.
func (p *planner) findBucket(ctx context.Context) error {
	out, err := p.aws.S3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &p.cfg.Bucket, ExpectedBucketOwner: &p.cfg.AccountID})
	if region := regionOf(out, err); region != "" && region != p.cfg.Region {
		return &RefusedError{[]error{fmt.Errorf("%s is in %s, and this set-up is for %s: S3 notifies queues of its own Region only; give --aws.region=%s or another --bootstrap.bucket", p.cfg.bucketName(), region, p.cfg.Region, region)}}
	}
	switch status, _ := answerOf(err); {
	case absent(err):
		p.fresh = true
		p.step(p.cfg.bucketName(), "create it in "+p.cfg.Region, p.createBucket)
		return nil
	case status == http.StatusForbidden:
		return &RefusedError{[]error{fmt.Errorf("looking at %s: it belongs to another account than %s, or the role that sets up lacks s3:ListBucket on it; give another --bootstrap.bucket, or the right: %w", p.cfg.bucketName(), p.cfg.AccountID, err)}}
	case err != nil:
		return fmt.Errorf("looking at %s: %w", p.cfg.bucketName(), err)
	}
	p.found("%s in %s", p.cfg.bucketName(), p.cfg.Region)
	return nil
}

// regionOf is where S3 says that a bucket is, which it does in refusals and redirections too; empty when it does not say.
func regionOf(out *s3.HeadBucketOutput, err error) string {
	if err == nil {
		return aws.ToString(out.BucketRegion)
	}
	_, header := answerOf(err)
	return header.Get("X-Amz-Bucket-Region")
}

func (s *Setup) createBucket(ctx context.Context) error {
	in := &s3.CreateBucketInput{Bucket: &s.cfg.Bucket}
	var where types.CreateBucketConfiguration
	if s.cfg.Region != "us-east-1" { // The oldest Region must not be named.
		where.LocationConstraint = types.BucketLocationConstraint(s.cfg.Region)
		in.CreateBucketConfiguration = &where
	}
	for _, key := range sortedKeys(s.cfg.Tags) {
		where.Tags = append(where.Tags, types.Tag{Key: aws.String(key), Value: aws.String(s.cfg.Tags[key])})
		in.CreateBucketConfiguration = &where
	}
	_, err := s.aws.S3.CreateBucket(ctx, in)
	var mine *types.BucketAlreadyOwnedByYou
	if errors.As(err, &mine) { // An earlier answer was lost, or somebody was faster.
		return nil
	}
	return err
}
