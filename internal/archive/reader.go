package archive

import (
	"context"
	"errors"
	"fmt"
	"io"

	"flowd/internal/inflate"
	"flowd/pkg/parser"
)

// ErrParquet says that a file is Parquet.
var ErrParquet = errors.New("it is Parquet, which is not supported; create the flow log with plain text files")

// Reader reads the records of one file after another. Its memory is used again for every one, and does not depend on their sizes. It is for one
// goroutine, and has another one inflate ahead while [InOrder] has fewer files to read than there are cores.
type Reader struct {
	inflate *inflate.Reader
	ahead   *inflate.Ahead // Nil until it is needed.
	scanner *parser.Scanner
	onRead  func(bytes int)
}

// NewReader returns a reader that inflates with the given engine. onRead is told of bytes as they are read, as stored; it may be nil.
func NewReader(cfg parser.ScannerConfig, e inflate.Engine, onRead func(bytes int)) *Reader {
	if onRead == nil {
		onRead = func(int) {}
	}
	return &Reader{inflate: inflate.NewReaderWith(e), scanner: parser.NewScanner(nil, cfg), onRead: onRead}
}

// worthAhead is the size, in bytes as stored, from which on a second core is worth the memory for it. What has no size is not read ahead either: a pipe
// may keep a read waiting for ever, when the caller has long found enough.
const worthAhead = 64 << 10

// Read calls each for every record of the file, with a [parser.Reason] when the line is malformed, until each returns false. The record is good
// until each returns. It returns the bytes of text that were read.
//
// After an error the file was not read to its end, or is no flow log ([parser.ErrHeader], [ErrParquet]), or ctx ended: nothing of it should be
// counted.
func (r *Reader) Read(ctx context.Context, f File, each func(*parser.Record, error) bool) (text uint64, err error) {
	file, err := f.Open()
	if err != nil {
		return 0, fmt.Errorf("opening the file: %w", cause(err))
	}
	defer file.Close() // It was only read: nothing can be lost.
	if err := r.inflate.Reset(&source{ctx, file, r.onRead}); err != nil {
		return 0, readError(err)
	}
	if string(r.inflate.Peek(4)) == "PAR1" {
		return 0, ErrParquet
	}
	if r.scanner.ResetBlocks(r.inflate); f.spare && f.Size >= worthAhead {
		defer r.inflateAhead().Stop()
	}
	for r.scanner.Next() {
		if !each(r.scanner.Record()) {
			return r.scanner.Bytes(), nil
		}
	}
	return r.scanner.Bytes(), readError(r.scanner.Err())
}

// inflateAhead gives the scanner text from another core.
func (r *Reader) inflateAhead() *inflate.Ahead {
	if r.ahead == nil {
		r.ahead = inflate.NewAhead()
	}
	r.ahead.Start(r.inflate)
	r.scanner.ResetBlocks(r.ahead)
	return r.ahead
}

// readError says what was being done; the parser says it itself.
func readError(err error) error {
	if err == nil || errors.Is(err, parser.ErrHeader) {
		return err
	}
	return fmt.Errorf("reading the file: %w", cause(err))
}

// source is a file that stops when ctx ends.
type source struct {
	ctx    context.Context
	file   io.Reader
	onRead func(int)
}

func (s *source) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	n, err := s.file.Read(p)
	s.onRead(n)
	return n, err
}
