package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"flowd/pkg/parser"
)

// SQSAPI are the calls that are made on the queue; *sqs.Client has them.
type SQSAPI interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibility(context.Context, *sqs.ChangeMessageVisibilityInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
}

// S3API is the call that is made on buckets; *s3.Client has it.
type S3API interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Object is what a notification says of an object that was created.
type Object struct {
	Bucket string
	Key    string // Decoded.
	ETag   string // Without quotes; empty when the notification had none.
	// VersionID serves only to get the object: a listing does not know it, so it is not part of the identity.
	VersionID string
	Size      int64     // Bytes as stored; -1 when the notification had none.
	EventTime time.Time // When the notification says that it happened.
	Written   time.Time // When S3 wrote it, as its answer says; zero until then.

	// otherKey is tried when Key does not have it: EventBridge does not document how it encodes keys. Empty when there is only one.
	otherKey string
}

// Counter is what objects are counted by. All methods may be called by many goroutines.
type Counter interface {
	// NewBatch starts an empty batch for an object that was written at objectTime.
	NewBatch(objectTime time.Time) Batch
	// Counted reports whether the object was counted before. An error fails the object; it comes back. [ErrTooOld] says that nobody knows.
	Counted(o Object) (bool, error)
	// Commit takes the batch over, and o has an ETag. It may wait while too much is queued, but no longer than ctx lasts: the batch fails then.
	// The channel yields exactly one result, when the batch is durable and published, or failed, with [ErrTooOld] as for Counted.
	Commit(ctx context.Context, o Object, b Batch) <-chan CommitResult
}

// ErrTooOld is what a [Counter] says of an object that it may have counted and forgotten. No other object suffers from that.
var ErrTooOld = errors.New("nobody knows whether the object was counted")

// CommitResult is what became of a batch.
type CommitResult struct {
	Duplicate bool // The object was counted before; the batch was dropped.
	Err       error
}

// Batch collects what one object contributes. It belongs to one goroutine.
type Batch interface {
	// Add counts a record, and keeps nothing that aliases its line.
	Add(r *parser.Record)
	// AddMalformed counts a line that is no record.
	AddMalformed(reason parser.Reason)
	// AddObjectBytes counts the size of the object, as stored and as text.
	AddObjectBytes(compressed, uncompressed uint64)
	// Discard drops the batch.
	Discard()
}
