package ingest

import (
	"context"
	"errors"
	"runtime/debug"

	"go.uber.org/zap"

	"flowd/internal/inflate"
	"flowd/pkg/parser"
)

// decoder is the memory that one object takes from the first byte to the last: 0.5 MB, and 0.75 MB more once two cores did it. It is used again for others.
type decoder struct {
	inflate *inflate.Reader
	ahead   *inflate.Ahead // Nil until it is needed.
	scanner *parser.Scanner
}

func newDecoder(cfg Config) *decoder {
	d := &decoder{inflate: inflate.NewReaderWith(cfg.Inflate), scanner: parser.NewScanner(nil, parser.ScannerConfig{Fields: cfg.Fields})}
	d.inflate.Limit(cfg.limits())
	return d
}

// fill parses the body into a batch. That and the decoder are taken when the body begins to come and a core is there: both are large, and workers that wait for
// one of these need none. With an error the batch is nil or to be discarded.
func (c *Consumer) fill(ctx context.Context, o *Object, body *watchedBody) (Batch, error) {
	body.body.await()
	body.acquire()
	defer body.release()
	d := c.decoders.Get().(*decoder)
	batch, err := c.decode(ctx, d, o, body)
	if reasonOf(err, "") != reasonPanic { // Nobody knows what state it is in then.
		c.decoders.Put(d)
	}
	return batch, err
}

// decode begins the batch when the first bytes are there. A panic in here is a bug; it fails this object and no other.
func (c *Consumer) decode(ctx context.Context, d *decoder, o *Object, body *watchedBody) (batch Batch, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.deps.Logger.Error("panic while reading an object", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			err = failed(reasonPanic, "panic: %v", p)
		}
	}()
	if err := d.inflate.Reset(body); err != nil {
		return nil, readError(ctx, err)
	}
	if string(d.inflate.Peek(4)) == "PAR1" {
		return nil, failed(reasonFormat, "it is Parquet; create the flow log with plain text files")
	}
	batch = c.deps.Counter.NewBatch(o.Written)
	if d.scanner.ResetBlocks(d.inflate); o.Size >= worthAhead && c.parsing.lend() {
		defer d.inflateAhead(body)()
	}
	if err := scan(d.scanner, batch); err != nil {
		return batch, readError(ctx, err)
	}
	batch.AddObjectBytes(uint64(body.n), d.scanner.Bytes())
	return batch, nil
}

// scan adds every record: no lock, and no allocation.
func scan(s *parser.Scanner, batch Batch) error {
	for s.Next() {
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
