package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
)

var (
	// ErrLocked says that another process has the ledger open. Two writers would count twice: stop the other one, or use another directory.
	ErrLocked = errors.New("another process has the ledger open")
	// ErrSchema says that the file was written by a newer version of flowd.
	ErrSchema = errors.New("the ledger has another schema version")
	// ErrDamaged says that the file is not a ledger, or not a whole one any more. The ledger takes no further transaction.
	ErrDamaged = errors.New("the ledger is damaged")
	// ErrUncertain says that a transaction was written and its sync failed: whether the disk has it, only the next process will know. The
	// ledger takes no further transaction.
	ErrUncertain = errors.New("the ledger may or may not have the last transaction")
	// ErrForgotten says that an object has no row, and was written before the horizon: nobody knows whether it was counted, so it is not.
	ErrForgotten = errors.New("the object was written before what the ledger remembers")
	// ErrFull says that the ledger has as many rows as it may. Nothing of the transaction was counted; a day that is dropped makes room.
	ErrFull = errors.New("the ledger has as many objects as it may")
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

// Object is an object to count.
type Object struct {
	Identity
	// Written is when S3 wrote it, by the clock of S3. Zero when nobody knows: such an object counts only while nothing was ever forgotten.
	Written time.Time
}

// Ledger is open until Close. Its methods may be called by any goroutine.
type Ledger struct {
	db     *bbolt.DB
	path   string
	limit  uint64 // Of rows; 0 is none.
	unlock func() error
	tmp    string // The directory of the file, removed by Close; empty when the state is durable.
	aside  SetAside
	stats  atomic.Pointer[Stats]

	mu      sync.Mutex
	failed  error     // Why there must not be another transaction; guarded by mu.
	dropped time.Time // When the last day was dropped by this process; guarded by mu.
	// update is the transaction itself; tests put disks in its place that fail.
	update func(func(*bbolt.Tx) error) error
}

// Durable reports whether what is committed survives the process.
func (l *Ledger) Durable() bool { return l.tmp == "" }

// Close waits for transactions in progress and releases the file.
func (l *Ledger) Close() error {
	if err := errors.Join(l.db.Close(), l.unlock()); err != nil {
		return fmt.Errorf("closing %s: %w", l.path, err)
	}
	if l.tmp != "" {
		return os.RemoveAll(l.tmp)
	}
	return nil
}

// Counted reports whether an object is in the totals, and [ErrForgotten] when nobody knows. It is a look-up, not a promise: [Ledger.Commit]
// looks again. An object whose Written is not known yet is looked up without regard to the horizon.
//
// An object that was written again long after its row, with the same content, is not reported: Commit finds that it is a duplicate, and keeps its row for
// as long as that of a newer object.
func (l *Ledger) Counted(o Object) (counted bool, err error) {
	row := o.row()
	err = guard(func() error {
		return l.db.View(func(tx *bbolt.Tx) error {
			known := openDays(tx).find(row)
			if known == nil && !o.Written.IsZero() && o.Written.Before(horizonOf(tx)) {
				return ErrForgotten
			}
			counted = known != nil && dayOf(o.Written) <= known.day+1
			return nil
		})
	})
	if err != nil {
		err = fmt.Errorf("looking up s3://%s/%s in %s: %w", o.Bucket, o.Key, l.path, err)
		l.giveUpIfDamaged(err)
	}
	return counted, err
}

// giveUpIfDamaged makes the next transaction fail: a ledger that does not know what is counted must not go on.
func (l *Ledger) giveUpIfDamaged(err error) {
	if !errors.Is(err, ErrDamaged) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = err
	}
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
		return l.db.View(func(tx *bbolt.Tx) error { return eachValue(tx, bucket, yield) })
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
