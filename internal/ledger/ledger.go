package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"

	"go.etcd.io/bbolt"
)

// The buckets.
const (
	bucketMeta    = "meta"    // "schema" → version.
	bucketObjects = "objects" // Identity → Unix seconds of the commit, 8 bytes, big-endian.
	bucketSeries  = "series"  // Series ID, 4 bytes, big-endian → definition.
	bucketPages   = "pages"   // Page number, 4 bytes, big-endian → counters.
)

var (
	// ErrLocked says that another process has the ledger open. Two writers would count twice: stop the other one, or use another directory.
	ErrLocked = errors.New("another process has the ledger open")
	// ErrSchema says that the file was written by an incompatible version of flowd.
	ErrSchema = errors.New("the ledger has another schema version")
	// ErrDamaged says that the file is not a ledger, or not a whole one any more. The ledger takes no further transaction.
	ErrDamaged = errors.New("the ledger is damaged")
	// ErrUncertain says that a transaction was written and its sync failed: whether the disk has it, only the next process will know. The
	// ledger takes no further transaction.
	ErrUncertain = errors.New("the ledger may or may not have the last transaction")
)

// Identity is what makes an object the same object: a notification and a listing both know it. The ETag is without quotes.
type Identity struct {
	Bucket, Key, ETag string
}

// row is the key of an identity. 16 bytes of SHA-256: at 173 million rows the chance of one collision is 4e-23.
func (i Identity) row() [16]byte {
	sum := sha256.Sum256([]byte(i.Bucket + "\x00" + i.Key + "\x00" + i.ETag))
	return [16]byte(sum[:16])
}

// Config says where the ledger is.
type Config struct {
	// Dir is created if it is missing. Empty keeps everything in memory: at least once, and from zero after a restart.
	Dir string
}

// Ledger is open until Close. Its methods may be called by any goroutine.
type Ledger struct {
	db     *bbolt.DB
	path   string
	tmp    string // The directory of the file, removed by Close; empty when the state is durable.
	mu     sync.Mutex
	failed error // Why there must not be another transaction; guarded by mu.
	// update is the transaction itself; tests put disks in its place that fail.
	update func(func(*bbolt.Tx) error) error
}

// Durable reports whether what is committed survives the process.
func (l *Ledger) Durable() bool { return l.tmp == "" }

// Close waits for transactions in progress and releases the file.
func (l *Ledger) Close() error {
	if err := l.db.Close(); err != nil {
		return fmt.Errorf("closing %s: %w", l.path, err)
	}
	if l.tmp != "" {
		return os.RemoveAll(l.tmp)
	}
	return nil
}

// Counted reports whether an object is in the totals. It is a look-up, not a promise: [Ledger.Commit] looks again.
func (l *Ledger) Counted(id Identity) (counted bool, err error) {
	row := id.row()
	err = guard(func() error {
		return l.db.View(func(tx *bbolt.Tx) error {
			counted = tx.Bucket([]byte(bucketObjects)).Get(row[:]) != nil
			return nil
		})
	})
	if err != nil {
		return false, fmt.Errorf("looking up s3://%s/%s in %s: %w", id.Bucket, id.Key, l.path, err)
	}
	return counted, nil
}

// Series yields every stored definition, in the order of the IDs. The bytes are good during the call.
func (l *Ledger) Series(yield func(id uint32, definition []byte) error) error {
	return l.each(bucketSeries, yield)
}

// Pages yields every stored counter page, in the order of the numbers. The bytes are good during the call.
func (l *Ledger) Pages(yield func(n uint32, content []byte) error) error {
	return l.each(bucketPages, yield)
}

func (l *Ledger) each(bucket string, yield func(uint32, []byte) error) error {
	err := guard(func() error {
		return l.db.View(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte(bucket)).ForEach(func(k, v []byte) error {
				if len(k) != 4 {
					return fmt.Errorf("%w: bucket %s has a key of %d bytes", ErrDamaged, bucket, len(k))
				}
				return yield(binary.BigEndian.Uint32(k), v)
			})
		})
	})
	if err != nil {
		return fmt.Errorf("reading %s: %w", l.path, err)
	}
	return nil
}

// guard makes an error of what happens in a damaged file: a page that makes no sense is a panic, and a page past the end of the file is a fault of
// the memory map.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
	}()
	return f()
}
