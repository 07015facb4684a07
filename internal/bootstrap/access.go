package bootstrap

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// lookAtPublicAccess wants a bucket that is closed to the public. One that is open on purpose is refused: closing it would take it away from
// those who read it.
func (p *planner) lookAtPublicAccess(ctx context.Context) error {
	if p.fresh {
		p.step(p.cfg.bucketName(), "block public access", p.blockPublicAccess)
		return nil
	}
	blocked, err := p.publicAccessBlocked(ctx)
	if err != nil {
		return fmt.Errorf("reading the public access block of %s: %w", p.cfg.bucketName(), err)
	}
	if blocked {
		p.found("%s blocks public access", p.cfg.bucketName())
		return nil
	}
	public, err := p.public(ctx)
	if err != nil {
		return err
	}
	if public != "" {
		p.refuse("%s is open to the public by %s: flow logs do not belong there, and closing it would lock its readers out; give another --bootstrap.bucket", p.cfg.bucketName(), public)
		return nil
	}
	p.step(p.cfg.bucketName(), "block public access", p.blockPublicAccess)
	return nil
}

func (s *Setup) publicAccessBlocked(ctx context.Context) (bool, error) {
	out, err := s.aws.S3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID})
	if err != nil || out.PublicAccessBlockConfiguration == nil {
		return false, present(err)
	}
	c := out.PublicAccessBlockConfiguration
	return aws.ToBool(c.BlockPublicAcls) && aws.ToBool(c.BlockPublicPolicy) && aws.ToBool(c.IgnorePublicAcls) && aws.ToBool(c.RestrictPublicBuckets), nil
}

// public says what lets everybody in, or nothing.
func (p *planner) public(ctx context.Context) (string, error) {
	text, err := p.bucketPolicy(ctx)
	if err != nil {
		return "", err
	}
	d, err := parseDocument(text)
	if err != nil {
		return "", fmt.Errorf("reading the policy of %s: %w", p.cfg.bucketName(), err)
	}
	for _, raw := range d.statements {
		if st := parseStatement(raw); st.Effect == "Allow" && st.everybody() && len(st.Condition) == 0 {
			return "statement " + st.name() + " of its policy", nil
		}
	}
	grants, err := p.grants(ctx)
	for _, g := range grants {
		if g == "AllUsers" || g == "AuthenticatedUsers" {
			return "its ACL, which grants " + g, err
		}
	}
	return "", err
}

func (s *Setup) blockPublicAccess(ctx context.Context) error {
	yes := aws.Bool(true)
	_, err := s.aws.S3.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
		Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID,
		PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes},
	})
	return err
}

// lookAtOwnership wants ACLs off, so that every object belongs to the owner of the bucket. Where the ACL of the bucket grants something to
// others, that would take it away from them, and ACLs stay: the objects of log delivery carry bucket-owner-full-control, so flowd reads them in
// that mode too, and the log-delivery policy holds in both.
func (p *planner) lookAtOwnership(ctx context.Context) error {
	const action = "let its owner own every object: ACLs have no effect any more"
	if p.fresh {
		p.step(p.cfg.bucketName(), action, p.enforceOwner)
		return nil
	}
	enforced, err := p.ownerEnforced(ctx)
	if err != nil {
		return fmt.Errorf("reading the ownership controls of %s: %w", p.cfg.bucketName(), err)
	}
	if enforced {
		p.found("%s belongs to its owner with every object", p.cfg.bucketName())
		return nil
	}
	grants, err := p.grants(ctx)
	if err != nil {
		return err
	}
	if len(grants) > 0 {
		p.warn("%s keeps its ACLs on, because its own ACL grants something to %s; flow logs work in that mode too", p.cfg.bucketName(), strings.Join(grants, ", "))
		return nil
	}
	p.step(p.cfg.bucketName(), action, p.enforceOwner)
	return nil
}

func (s *Setup) ownerEnforced(ctx context.Context) (bool, error) {
	out, err := s.aws.S3.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID})
	if err != nil || out.OwnershipControls == nil {
		return false, present(err)
	}
	for _, r := range out.OwnershipControls.Rules {
		if r.ObjectOwnership == types.ObjectOwnershipBucketOwnerEnforced {
			return true, nil
		}
	}
	return false, nil
}

// grants are those that the ACL of the bucket lets in beside its owner.
func (s *Setup) grants(ctx context.Context) ([]string, error) {
	out, err := s.aws.S3.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID})
	if err != nil {
		return nil, fmt.Errorf("reading the ACL of %s: %w", s.cfg.bucketName(), err)
	}
	var names []string
	for _, g := range out.Grants {
		switch {
		case g.Grantee == nil:
		case g.Grantee.URI != nil:
			names = append(names, path.Base(*g.Grantee.URI))
		case out.Owner == nil || aws.ToString(g.Grantee.ID) != aws.ToString(out.Owner.ID):
			names = append(names, aws.ToString(g.Grantee.ID))
		}
	}
	return names, nil
}

func (s *Setup) enforceOwner(ctx context.Context) error {
	_, err := s.aws.S3.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{
		Bucket: &s.cfg.Bucket, ExpectedBucketOwner: &s.cfg.AccountID,
		OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}}},
	})
	return err
}
