package ingest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/zap"

	"flowd/internal/inflate"
	"flowd/pkg/parser"
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

// reader holds what a worker needs to read objects: its memory is used again for every one.
type reader struct {
	inflate *inflate.Reader
	scanner *parser.Scanner
	ahead   *prefetch
	pulse   *pulse // Of the worker that it belongs to; nil has none.
}

func newReader(cfg Config, shared *chunks) *reader {
	r := &reader{inflate: inflate.NewReaderWith(cfg.Inflate), scanner: parser.NewScanner(nil, parser.ScannerConfig{Fields: cfg.Fields}), ahead: newPrefetch(shared)}
	r.inflate.Limit(cfg.limits())
	return r
}

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
	batch := c.deps.Counter.NewBatch(o.Written)
	if err := c.readBody(ctx, r, o, out, &watchedBody{body: r.ahead, cores: c.parsing}, batch); err != nil {
		batch.Discard()
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

// readBody fills the batch. When the body ended with another length than announced, that explains every other error.
func (c *Consumer) readBody(ctx context.Context, r *reader, o *Object, out *s3.GetObjectOutput, body *watchedBody, batch Batch) error {
	err := c.fill(ctx, r, body, batch)
	if err == nil || body.ended {
		if err := checkLength(o, out.ContentLength, body.n); err != nil {
			return err
		}
	}
	return err
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

// fill parses the body into the batch. A panic in here is a bug; it fails this object and no other.
func (c *Consumer) fill(ctx context.Context, r *reader, body *watchedBody, batch Batch) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.deps.Logger.Error("panic while reading an object", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			kept := *r
			*r = *newReader(c.cfg, c.chunks) // Nobody knows what state it is in, but for what others use too.
			r.pulse, r.ahead = kept.pulse, kept.ahead
			err = failed(reasonPanic, "panic: %v", p)
		}
	}()
	body.acquire()
	defer body.release()
	if err := r.inflate.Reset(body); err != nil {
		return readError(ctx, err)
	}
	if string(r.inflate.Peek(4)) == "PAR1" {
		return failed(reasonFormat, "it is Parquet; create the flow log with plain text files")
	}
	if err := scan(r, batch); err != nil {
		return readError(ctx, err)
	}
	batch.AddObjectBytes(uint64(body.n), r.scanner.Bytes())
	return nil
}

// scan adds every record: no lock, and no allocation.
func scan(r *reader, batch Batch) error {
	s := r.scanner
	for s.ResetBlocks(r.inflate); s.Next(); {
		record, err := s.Record()
		if err == nil {
			batch.Add(record)
			continue
		}
		reason, ok := parser.ReasonOf(err)
		if !ok {
			return err
		}
		batch.AddMalformed(reason)
	}
	return s.Err()
}

// readError gives an error of the body, of gzip, or of the header its reason.
func readError(ctx context.Context, err error) error {
	ours := interrupted(ctx)
	switch {
	case ours != nil:
		return ours
	case errors.Is(err, inflate.ErrBomb):
		return &reasonError{reasonBomb, err}
	case errors.Is(err, inflate.ErrCorrupt):
		return &reasonError{reasonGzip, err}
	case errors.Is(err, parser.ErrHeader):
		return &reasonError{reasonHeader, err}
	}
	return &reasonError{reasonOf(err, reasonRead), err}
}
