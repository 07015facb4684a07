package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/zap"
)

// stallTimeout is how long S3 may take to answer, and a body to yield a byte. The SDK has no read timeout for S3.
const stallTimeout = 20 * time.Second

// Bounds of what an object may inflate to. DEFLATE can do 1,032:1, so that the 75 MB of the largest object of AWS could be made to hold a core for
// minutes; real flow logs are below 20:1.
const (
	maxText    = 4 << 30  // Bytes.
	maxRatio   = 200      // Bytes of text for one as stored,
	ratioAfter = 64 << 20 // from so many bytes of text on.
)

// maxReads is how often an object is read in one receive when its connection breaks.
const maxReads = 3

// errDuplicate is an object that is in the totals already.
var errDuplicate = errors.New("the object was counted before")

// reader is what a worker needs to get objects, one after another.
type reader struct {
	ahead *prefetch
	pulse *pulse // Of the worker that it belongs to; nil has none.
}

func newReader(shared *chunks) *reader { return &reader{ahead: newPrefetch(shared)} }

// countObject reads an object into a batch of its own and hands that to the committer; the delivery keeps the commit to wait for. An error is
// a fate ([errDuplicate], [errOverwritten]) or a failure with a reason.
func (c *Consumer) countObject(ctx context.Context, r *reader, d *delivery, o Object) error {
	began := time.Now()
	batch, err := c.readObject(ctx, r, &o)
	if err != nil {
		return err
	}
	c.metrics.duration.Observe(time.Since(began).Seconds())
	c.beforeCommit(ctx, d)
	d.commits = append(d.commits, pending{o, c.deps.Counter.Commit(ctx, o, batch)})
	return nil
}

// readObject reads the object to its end. It completes o with what only the answer knows. A connection that breaks costs no receive at once: the
// object is read again, from its beginning, into a new batch.
func (c *Consumer) readObject(ctx context.Context, r *reader, o *Object) (Batch, error) {
	if err := c.lookUp(o); err != nil {
		return nil, err
	}
	if err := c.refuse(o.Size, o.EventTime); err != nil {
		return nil, fmt.Errorf("s3://%s/%s: %w", o.Bucket, o.Key, err)
	}
	for read := 1; ; read++ {
		batch, err := c.readOnce(ctx, r, o)
		if read == maxReads || reasonOf(err, "") != reasonRead || ctx.Err() != nil {
			return batch, err
		}
		c.deps.Logger.Info("the connection broke; reading the object again", zap.Error(err))
	}
}

// readOnce gets the object and fills a batch of its own.
func (c *Consumer) readOnce(ctx context.Context, r *reader, o *Object) (Batch, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(stallTimeout, func() { cancel(errStalled) })
	defer stall.Stop()
	announced := *o
	out, err := c.get(ctx, o)
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	stall.Stop()
	if *o != announced { // Only the answer told which object this is.
		if err := c.lookUp(o); err != nil {
			return nil, err
		}
	}
	o.Written = objectTime(o, out)
	if err := c.refuse(aws.ToInt64(out.ContentLength), o.Written); err != nil {
		return nil, fmt.Errorf("s3://%s/%s: %w", o.Bucket, o.Key, err)
	}
	pulse := r.pulse
	r.ahead.start(ctx, &network{body: out.Body, stall: stall, alive: func() { pulse.beat(c.began) }})
	defer func() {
		cancel(nil) // Ends a read of the body.
		r.ahead.stop()
	}()
	batch, err := c.readBody(ctx, o, out, &watchedBody{body: r.ahead, cores: c.parsing, abandon: func() { cancel(nil) }})
	if err != nil {
		if batch != nil {
			batch.Discard()
		}
		return nil, fmt.Errorf("reading s3://%s/%s: %w", o.Bucket, o.Key, err)
	}
	return batch, nil
}

// refuse says why an object that is not in the ledger is not read: it is no flow log of AWS, or it may have been counted so long ago that the
// ledger has forgotten it.
func (c *Consumer) refuse(size int64, written time.Time) error {
	switch {
	case size > maxObject:
		return tooLarge(size)
	case !written.IsZero() && time.Since(written) > c.cfg.horizon():
		return failed(reasonTooOld, "it was written at %s, more than %s ago, so that nobody knows whether it was counted", written.UTC().Format(time.RFC3339), c.cfg.horizon())
	}
	return nil
}

// lookUp asks the ledger, which does not know objects without an ETag.
func (c *Consumer) lookUp(o *Object) error {
	if o.ETag == "" {
		return nil
	}
	switch counted, err := c.deps.Counter.Counted(*o); {
	case errors.Is(err, ErrTooOld):
		return &reasonError{reasonTooOld, err}
	case err != nil:
		return &reasonError{reasonLedger, err}
	case counted:
		return errDuplicate
	}
	return nil
}

func objectTime(o *Object, out *s3.GetObjectOutput) time.Time {
	if out.LastModified != nil {
		return *out.LastModified
	}
	return o.EventTime
}

// readBody fills a batch, which comes with an error too. When the body ended with another length than announced, that explains every other error.
func (c *Consumer) readBody(ctx context.Context, o *Object, out *s3.GetObjectOutput, body *watchedBody) (Batch, error) {
	batch, err := c.fill(ctx, o, body)
	if err == nil || body.ended {
		if err := checkLength(o, out.ContentLength, body.n); err != nil {
			return batch, err
		}
	}
	return batch, err
}

// checkLength finds what no decoder can: a body that was cut between two gzip members, or anywhere in plain text.
func checkLength(o *Object, sent *int64, got int64) error {
	switch {
	case sent == nil && o.Size < 0:
		return failed(reasonShortBody, "neither the notification nor the answer says how long it is")
	case sent != nil && *sent != got:
		return failed(reasonShortBody, "got %d bytes, the answer said %d", got, *sent)
	case o.Size >= 0 && o.Size != got:
		return failed(reasonShortBody, "got %d bytes, the notification said %d", got, o.Size)
	}
	return nil
}
