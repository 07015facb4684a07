package localaws

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"net/http"
)

// ErrDenied is what the log delivery service meets when the bucket policy does not admit it.
var ErrDenied = errors.New("the bucket policy does not let delivery.logs.amazonaws.com write")

const deliveryService = "delivery.logs.amazonaws.com"

// Deliver writes an object as the log delivery service does: only if the bucket policy admits it, with the ACL that it always sends, and with
// an event notification. The bucket keeps the body: the caller must not change it afterwards. The error is that of ctx, [ErrDenied], or that there
// is no such bucket.
func (s *Server) Deliver(ctx context.Context, bucketName, key string, body []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return fmt.Errorf("delivering to %s: no such bucket", bucketName)
	}
	if !s.mayDeliver(b, key) {
		return fmt.Errorf("delivering s3://%s/%s: %w", bucketName, key, ErrDenied)
	}
	h := http.Header{"Content-Type": {"application/octet-stream"}}
	o := b.store(key, body, fmt.Sprintf(`"%x"`, md5.Sum(body)), h)
	s.notify(b, "ObjectCreated:Put", key, o)
	return nil
}

func (s *Server) mayDeliver(b *bucket, key string) bool {
	context := map[string]string{
		"aws:sourceaccount": s.cfg.AccountID, "s3:x-amz-acl": "bucket-owner-full-control", "aws:securetransport": "true",
		"aws:sourcearn": fmt.Sprintf("arn:aws:logs:%s:%s:delivery-source", s.cfg.Region, s.cfg.AccountID),
	}
	p := parsePolicy(b.sub["policy"])
	return p.allows(request{deliveryService, "s3:PutObject", bucketARN(b.name) + "/" + key, context}) &&
		p.allows(request{deliveryService, "s3:GetBucketAcl", bucketARN(b.name), context})
}
