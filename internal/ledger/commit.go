package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
)

// Tx is the inside of a transaction. It is good during the call that got it.
type Tx struct {
	series, pages *bbolt.Bucket
}

// PutPage stores a counter page. The ledger keeps content until the transaction ends; the caller must not change it before.
func (t *Tx) PutPage(n uint32, content []byte) error { return t.pages.Put(key(n), content) }

// PutSeries stores a series definition, with the same ownership.
func (t *Tx) PutSeries(id uint32, definition []byte) error { return t.series.Put(key(id), definition) }

// DeleteSeries removes a series definition.
func (t *Tx) DeleteSeries(id uint32) error { return t.series.Delete(key(id)) }

func key(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// Commit writes the identities of objects and what counting them changed, in one synced transaction.
//
// Identities that are stored already, or that stand twice in ids, are duplicates; write gets the positions of the others and stores what they
// change. An error or a panic of write, or an error of the disk, leaves the ledger as it was, and then no duplicate is reported either. But after
// [ErrUncertain] and [ErrDamaged] nothing is committed any more.
func (l *Ledger) Commit(ids []Identity, now time.Time, write func(tx *Tx, fresh []int) error) (duplicate []bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return nil, l.failed
	}
	transaction := 0
	err = guard(func() error {
		return l.update(func(tx *bbolt.Tx) error {
			transaction = tx.ID()
			objects := tx.Bucket([]byte(bucketObjects))
			var fresh []int
			fresh, duplicate = sortOut(objects, ids)
			if err := call(write, &Tx{tx.Bucket([]byte(bucketSeries)), tx.Bucket([]byte(bucketPages))}, fresh); err != nil {
				return err
			}
			return putIdentities(objects, ids, fresh, now)
		})
	})
	if err != nil {
		return nil, l.commitFailed(transaction, fmt.Errorf("committing %d objects to %s: %w", len(ids), l.path, err))
	}
	return duplicate, nil
}

// call makes a panic of write an error: a bug in what is counted must not take the process and every other object with it.
func call(write func(*Tx, []int) error, tx *Tx, fresh []int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return write(tx, fresh)
}

// commitFailed tells a transaction that left nothing from one of which nobody can know. When the sync that ends a transaction fails, the
// transaction is visible to this process and perhaps on the disk. Going on would count its objects never or twice, so this is the end.
func (l *Ledger) commitFailed(transaction int, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		err = fmt.Errorf("%w; nothing was counted, and counting goes on when there is space", err)
	}
	last := 0
	viewErr := l.db.View(func(tx *bbolt.Tx) error { last = tx.ID(); return nil })
	if transaction > 0 && (viewErr != nil || last >= transaction) {
		err = fmt.Errorf("%w: %w; the disk may be failing: look at it, and start flowd again", ErrUncertain, err)
	}
	if errors.Is(err, ErrUncertain) || errors.Is(err, ErrDamaged) {
		l.failed = err
	}
	return err
}

func sortOut(objects *bbolt.Bucket, ids []Identity) (fresh []int, duplicate []bool) {
	duplicate = make([]bool, len(ids))
	inGroup := make(map[[16]byte]bool, len(ids))
	for i, id := range ids {
		row := id.row()
		if inGroup[row] || objects.Get(row[:]) != nil {
			duplicate[i] = true
			continue
		}
		inGroup[row] = true
		fresh = append(fresh, i)
	}
	return fresh, duplicate
}

func putIdentities(objects *bbolt.Bucket, ids []Identity, fresh []int, now time.Time) error {
	at := binary.BigEndian.AppendUint64(nil, uint64(now.Unix()))
	var errs []error
	for _, i := range fresh {
		row := ids[i].row()
		errs = append(errs, objects.Put(row[:], at))
	}
	return errors.Join(errs...)
}
