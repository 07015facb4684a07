package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"go.uber.org/zap"

	"flowd/internal/inflate"
	"flowd/pkg/parser"
)

// stallTimeout is how long a body may go without a byte. The SDK has no read timeout for S3.
const stallTimeout = 20 * time.Second

// errIgnored ends an object that has nothing to count: it was overwritten, and the notification of that follows.
var errIgnored = errors.New("the object was overwritten")

// errNotFound is an object that is not there (any more, or yet).
var errNotFound = errors.New("the object is not there")

// reader holds what a worker needs to read objects: its memory is used again for every one.
type reader struct {
	inflate *inflate.Reader
	scanner *parser.Scanner
}

func newReader(fields parser.FieldSet) *reader {
	return &reader{inflate: inflate.NewReader(), scanner: parser.NewScanner(nil, parser.ScannerConfig{Fields: fields})}
}

// countObject reads an object into a batch of its own and commits it. It returns the commit to wait for, or a fate that is known already.
func (c *Consumer) countObject(ctx context.Context, r *reader, o Object) (commit <-chan CommitResult, result string, err error) {
	if o.ETag != "" {
		if counted, err := c.deps.Counter.Counted(o); err != nil || counted {
			return nil, resultDuplicate, ledgerError(err)
		}
	}
	begin := time.Now()
	batch, err := c.readObject(ctx, r, &o)
	switch {
	case errors.Is(err, errIgnored):
		return nil, resultIgnored, nil
	case err != nil:
		return nil, "", err
	case batch == nil:
		return nil, resultDuplicate, nil
	}
	c.metrics.duration.Observe(time.Since(begin).Seconds())
	return c.deps.Counter.Commit(o, batch), "", nil
}

func ledgerError(err error) error {
	if err == nil {
		return nil
	}
	return &reasonError{reasonLedger, err}
}

// readObject gets the object and reads it to its end. It completes o with what only the answer knows. No batch and no error means that the
// object turned out to be counted already.
func (c *Consumer) readObject(ctx context.Context, r *reader, o *Object) (batch Batch, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out, err := c.get(ctx, o)
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	if o.ETag == "" {
		o.ETag = unquote(aws.ToString(out.ETag))
		if counted, err := c.deps.Counter.Counted(*o); err != nil || counted {
			return nil, ledgerError(err)
		}
	}
	body := &watchedBody{body: out.Body, limit: c.parsing, stall: time.AfterFunc(stallTimeout, func() { cancel(errStalled) })}
	defer body.stall.Stop()
	batch = c.deps.Counter.NewBatch(objectTime(o, out))
	if err := c.fill(ctx, r, body, batch); err != nil {
		batch.Discard()
		return nil, err
	}
	if err := checkLength(o, out, body.n); err != nil {
		batch.Discard()
		return nil, err
	}
	return batch, nil
}

var errStalled = errors.New("the body stopped coming")

func objectTime(o *Object, out *s3.GetObjectOutput) time.Time {
	if out.LastModified != nil {
		return *out.LastModified
	}
	return o.EventTime
}

// get asks for exactly the object that was announced. An EventBridge key that does not exist is tried decoded.
func (c *Consumer) get(ctx context.Context, o *Object) (*s3.GetObjectOutput, error) {
	out, err := c.getKey(ctx, o)
	if errors.Is(err, errNotFound) && o.otherKey != "" {
		second := *o
		second.Key, second.otherKey = o.otherKey, ""
		if !c.cfg.allows(&second) {
			return nil, err
		}
		*o = second
		out, err = c.getKey(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	if got := unquote(aws.ToString(out.ETag)); o.ETag != "" && got != o.ETag {
		out.Body.Close()
		return nil, errIgnored
	}
	return out, nil
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
	return out, getError(o, err)
}

// getError gives an error of S3 its meaning. Errors are told by code, because not every answer has a typed error.
func getError(o *Object, err error) error {
	if err == nil {
		return nil
	}
	var missing *types.NoSuchKey
	var api smithy.APIError
	code := ""
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	switch {
	case errors.As(err, &missing), code == "NoSuchKey", code == "NoSuchVersion", code == "NotFound":
		return &reasonError{reasonNotFound, fmt.Errorf("getting s3://%s/%s: %w", o.Bucket, o.Key, errNotFound)}
	case code == "PreconditionFailed":
		return errIgnored
	case code == "AccessDenied", code == "Forbidden", code == "InvalidObjectState":
		return failed(reasonDenied, "getting s3://%s/%s: %w", o.Bucket, o.Key, err)
	}
	return failed(reasonGet, "getting s3://%s/%s: %w", o.Bucket, o.Key, err)
}

// fill parses the body into the batch. A panic in here is a bug; it fails this object and no other.
func (c *Consumer) fill(ctx context.Context, r *reader, body *watchedBody, batch Batch) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.deps.Logger.Error("panic while reading an object", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			err = failed(reasonPanic, "reading the object: panic: %v", p)
		}
	}()
	body.limit.acquire()
	defer body.limit.release()
	if err := r.inflate.Reset(body); err != nil {
		return readError(ctx, err)
	}
	if string(r.inflate.Peek(4)) == "PAR1" {
		return failed(reasonFormat, "reading the object: it is Parquet; create the flow log with plain text files")
	}
	s := r.scanner
	for s.Reset(r.inflate); s.Next(); {
		record, err := s.Record()
		if reason, malformed := parser.ReasonOf(err); malformed {
			batch.AddMalformed(reason)
			continue
		}
		batch.Add(record)
	}
	if err := s.Err(); err != nil {
		return readError(ctx, err)
	}
	batch.AddObjectBytes(uint64(body.n), s.Bytes())
	return nil
}

func readError(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), errStalled):
		return failed(reasonStalled, "reading the object: no byte for %s", stallTimeout)
	case ctx.Err() != nil:
		return failed(reasonDrained, "reading the object: %w", context.Cause(ctx))
	case errors.Is(err, inflate.ErrCorrupt):
		return failed(reasonGzip, "reading the object: %w", err)
	case errors.Is(err, parser.ErrHeader):
		return failed(reasonHeader, "reading the object: %w", err)
	}
	return failed(reasonRead, "reading the object: %w", err)
}

// checkLength finds what no decoder can: a body that was cut between two gzip members, or anywhere in plain text.
func checkLength(o *Object, out *s3.GetObjectOutput, got int64) error {
	for what, want := range map[string]*int64{"Content-Length": out.ContentLength, "the notification": knownSize(o)} {
		if want != nil && *want != got {
			return failed(reasonShortBody, "reading s3://%s/%s: got %d bytes, %s says %d", o.Bucket, o.Key, got, what, *want)
		}
	}
	return nil
}

func knownSize(o *Object) *int64 {
	if o.Size < 0 {
		return nil
	}
	return &o.Size
}

// limit is how many objects may use a core at once.
type limit chan struct{}

func (l limit) acquire() { l <- struct{}{} }
func (l limit) release() { <-l }

// watchedBody counts bytes, watches for a stall, and gives the core away while it waits for the network.
type watchedBody struct {
	body  io.Reader
	limit limit
	stall *time.Timer
	n     int64
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.limit.release()
	defer b.limit.acquire()
	n, err := b.body.Read(p)
	b.n += int64(n)
	if n > 0 {
		b.stall.Reset(stallTimeout)
	}
	return n, err
}
