package ingest

import (
	"errors"
	"fmt"
)

// Reasons why an attempt at an object failed. The message comes back.
const (
	reasonLedger    = "ledger"     // The look-up whether it is counted failed.
	reasonGet       = "get"        // S3 answered with an error.
	reasonDenied    = "denied"     // S3 refused; without s3:ListBucket a missing object looks like this too.
	reasonNotFound  = "not_found"  // Gone, and to be looked for once more.
	reasonRead      = "read"       // The connection broke inside the body.
	reasonStalled   = "stalled"    // No answer came, or the body stopped coming.
	reasonShortBody = "short_body" // Another number of bytes than announced.
	reasonGzip      = "gzip"       // Broken compression.
	reasonHeader    = "header"     // No flow log header.
	reasonFormat    = "format"     // Parquet.
	reasonTooLarge  = "too_large"  // More than maxObject bytes.
	reasonBomb      = "bomb"       // It inflates to, or parses for, more than any flow log.
	reasonTooOld    = "too_old"    // Older than the ledger can remember.
	reasonPanic     = "panic"      // A bug, contained to its object.
	reasonCommit    = "commit"     // The transaction failed.
)

// Further reasons why a message failed.
const (
	reasonBadMessage   = "bad_message"   // Not a notification, or one that contradicts itself.
	reasonBadKey       = "bad_key"       // The object key does not decode.
	reasonEventVersion = "event_version" // A structure that flowd does not know.
	reasonNotAllowed   = "not_allowed"   // Outside of the buckets and prefixes that may be read.
	reasonObject       = "object"        // One of its objects failed.
	reasonReceive      = "receive"
	reasonDelete       = "delete"
	reasonHeld         = "held" // An outage began before it was worked on; it may come back soon.
)

// reasonDrained is both: an object that was not finished when the drain timeout ended, and its message, which may come back at once.
const reasonDrained = "drained"

// reasonError is a failure whose reason is a label value.
type reasonError struct {
	reason string
	err    error
}

func (e *reasonError) Error() string { return e.err.Error() }
func (e *reasonError) Unwrap() error { return e.err }

func failed(reason, format string, args ...any) error {
	return &reasonError{reason, fmt.Errorf(format, args...)}
}

// reasonOf finds the reason in an error; fallback is for errors without one.
func reasonOf(err error, fallback string) string {
	if r, ok := errors.AsType[*reasonError](err); ok {
		return r.reason
	}
	return fallback
}

// clip keeps what a stranger wrote short.
func clip(s string) string {
	const enough = 100
	if len(s) > enough {
		return s[:enough] + "…"
	}
	return s
}
