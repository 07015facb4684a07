package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"flowd/internal/inflate"
	"flowd/pkg/parser"
)

// Config says what to read. Start from [DefaultConfig].
type Config struct {
	// QueueURL is the queue to read.
	QueueURL string
	// VisibilityTimeout is asked for with every receive and extended at a third of it.
	VisibilityTimeout time.Duration
	// Workers is the number of messages in work at once.
	Workers int
	// Buckets are the only buckets that may be read, whatever a message says.
	Buckets []string
	// Prefixes, if any, are the only key prefixes that may be read.
	Prefixes []string
	// ExpectedBucketOwner is the account that must own the buckets; empty does not check.
	ExpectedBucketOwner string
	// DrainTimeout is how long messages in work may take to finish when Run is told to stop.
	DrainTimeout time.Duration
	// AllowNoDLQ runs although the queue has no redrive policy: a message that cannot be read then returns until its retention ends.
	AllowNoDLQ bool
	// Horizon is the age from which on an object that is not in the ledger is not counted: the ledger may forget after 30 days, and must know every
	// object that could come. Zero means [DefaultHorizon].
	Horizon time.Duration
	// Fields are asked of the parser; the zero value asks for all.
	Fields parser.FieldSet
	// Inflate is what inflates gzip; the zero value is [inflate.Fast].
	Inflate inflate.Engine

	mostText int64 // Bytes that an object may inflate to; zero means maxText, which no test can afford.
}

// DefaultConfig lacks only the queue and the buckets.
func DefaultConfig() Config {
	return Config{VisibilityTimeout: time.Minute, Workers: 16, DrainTimeout: 25 * time.Second, Inflate: inflate.Fast}
}

// DefaultHorizon leaves two days to the 30 that the ledger keeps its rows.
const DefaultHorizon = 28 * 24 * time.Hour

const (
	minVisibility = 10 * time.Second // Below it, an extension that fails once is too late.
	maxVisibility = 12 * time.Hour   // SQS allows no more.
	maxWorkers    = 256
)

// bucketName is what S3 allows. ARNs and access points are no bucket names.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const bucketName = `^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`

const accountID = `^[0-9]{12}$`

// Validate says what is wrong with the configuration, every fault at once.
func (c Config) Validate() error {
	errs := []error{c.checkInflate()}
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.VisibilityTimeout >= minVisibility && c.VisibilityTimeout <= maxVisibility, "sqs.visibility-timeout must be between %s and %s, got %s", minVisibility, maxVisibility, c.VisibilityTimeout)
	check(c.Workers >= 1 && c.Workers <= maxWorkers, "ingest.workers must be between 1 and %d, got %d", maxWorkers, c.Workers)
	check(c.ExpectedBucketOwner == "" || regexp.MustCompile(accountID).MatchString(c.ExpectedBucketOwner), "s3.expected-bucket-owner must be an account of 12 digits, got %q", c.ExpectedBucketOwner)
	check(c.DrainTimeout >= 0, "drain-timeout must not be negative, got %s", c.DrainTimeout)
	check(c.Horizon >= 0, "the horizon must not be negative, got %s", c.Horizon)
	check(len(c.Buckets) > 0, "s3.bucket is missing: name the buckets that may be read")
	valid := regexp.MustCompile(bucketName)
	for _, b := range c.Buckets {
		check(valid.MatchString(b) && !strings.Contains(b, ".."), "s3.bucket: %q is not a bucket name", b)
	}
	return errors.Join(errs...)
}

func (c Config) checkInflate() error {
	if err := c.Inflate.Validate(); err != nil {
		return fmt.Errorf("ingest.inflate: %w", err)
	}
	return nil
}

func (c Config) horizon() time.Duration {
	if c.Horizon == 0 {
		return DefaultHorizon
	}
	return c.Horizon
}

func (c Config) limits() inflate.Limits {
	return inflate.Limits{Bytes: cmp.Or(c.mostText, maxText), Ratio: maxRatio, RatioAfter: ratioAfter}
}

// admit returns the object with those of its keys that may be read, and false when none may.
func (c Config) admit(o Object) (Object, bool) {
	if o.otherKey != "" && !c.allows(o.Bucket, o.otherKey) {
		o.otherKey = ""
	}
	if c.allows(o.Bucket, o.Key) {
		return o, true
	}
	o.Key, o.otherKey = o.otherKey, ""
	return o, o.Key != ""
}

// allows says whether a key may be read at all. Without prefixes every key of the buckets may.
func (c Config) allows(bucket, key string) bool {
	return slices.Contains(c.Buckets, bucket) &&
		(len(c.Prefixes) == 0 || slices.ContainsFunc(c.Prefixes, func(p string) bool { return strings.HasPrefix(key, p) }))
}
