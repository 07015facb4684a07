package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

var (
	// errOverwritten is an object that is not the announced one any more. The notification of the new one follows.
	errOverwritten = errors.New("the object was overwritten")
	// errNotFound is an object that is not there (any more, or yet).
	errNotFound = errors.New("the object is not there")
)

// get asks for exactly the object that was announced, under the first of its keys that has it, and completes o with what the answer says.
func (c *Consumer) get(ctx context.Context, o *Object) (*s3.GetObjectOutput, error) {
	out, err := c.getKey(ctx, o)
	if o.otherKey != "" && isElsewhere(err) {
		other := *o
		other.Key, other.otherKey = o.otherKey, ""
		switch second, secondErr := c.getKey(ctx, &other); {
		case secondErr == nil:
			*o, out, err = other, second, nil
		case !errors.Is(secondErr, errNotFound) && !errors.Is(secondErr, errOverwritten): // It may be there: nobody may take it for gone.
			err = secondErr
		}
	}
	if err != nil {
		return nil, err
	}
	if err := o.complete(out.ETag); err != nil {
		return nil, errors.Join(err, out.Body.Close())
	}
	return out, nil
}

// isElsewhere says that an object may still be found under its other key. Without s3:ListBucket S3 refuses instead of saying that it is gone.
func isElsewhere(err error) bool {
	return errors.Is(err, errNotFound) || errors.Is(err, errOverwritten) || err != nil && reasonOf(err, "") == reasonDenied
}

// complete learns the ETag of an object that was announced without one: it is part of the identity.
func (o *Object) complete(etag *string) error {
	got := unquote(aws.ToString(etag))
	switch {
	case o.ETag == "" && got == "":
		return failed(reasonGet, "getting s3://%s/%s: neither the notification nor the answer has an ETag, so that it cannot be told from others of that key", o.Bucket, o.Key)
	case o.ETag == "":
		o.ETag = got
	case got != "" && got != o.ETag:
		return errOverwritten
	}
	return nil
}

func (c *Consumer) getKey(ctx context.Context, o *Object) (*s3.GetObjectOutput, error) {
	in := &s3.GetObjectInput{Bucket: &o.Bucket, Key: &o.Key}
	if o.ETag != "" {
		in.IfMatch = aws.String(`"` + o.ETag + `"`)
	}
	if o.VersionID != "" {
		in.VersionId = &o.VersionID
	}
	if c.cfg.ExpectedBucketOwner != "" {
		in.ExpectedBucketOwner = &c.cfg.ExpectedBucketOwner
	}
	out, err := c.deps.S3.GetObject(ctx, in)
	return out, getError(ctx, o, err)
}

// getError gives an error of S3 its meaning. Errors are told by code, because not every answer has a typed error.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func getError(ctx context.Context, o *Object, err error) error {
	if err == nil {
		return nil
	}
	if ours := interrupted(ctx); ours != nil {
		return fmt.Errorf("getting s3://%s/%s: %w", o.Bucket, o.Key, ours)
	}
	code := ""
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		code = api.ErrorCode()
	}
	switch code {
	case "NoSuchKey", "NoSuchVersion", "NotFound":
		return failed(reasonNotFound, "getting s3://%s/%s: %w", o.Bucket, o.Key, errNotFound)
	case "PreconditionFailed":
		return errOverwritten
	case "AccessDenied", "Forbidden", "InvalidObjectState":
		return failed(reasonDenied, "getting s3://%s/%s: %w", o.Bucket, o.Key, err)
	}
	return failed(reasonGet, "getting s3://%s/%s: %w", o.Bucket, o.Key, err)
}

var errStalled = fmt.Errorf("no byte for %s", stallTimeout)

// interrupted says which of flowd's own timeouts ended the reading of an object; nil when none did.
func interrupted(ctx context.Context) error {
	switch cause := context.Cause(ctx); {
	case cause == nil:
		return nil
	case errors.Is(cause, errStalled):
		return &reasonError{reasonStalled, cause}
	default:
		return &reasonError{reasonDrained, cause}
	}
}
