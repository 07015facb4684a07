package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
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
// change. An error of write or of the disk leaves the ledger as it was, and then no duplicate is reported either.
func (l *Ledger) Commit(ids []Identity, now time.Time, write func(tx *Tx, fresh []int) error) (duplicate []bool, err error) {
	err = l.db.Update(func(tx *bbolt.Tx) error {
		objects := tx.Bucket([]byte(bucketObjects))
		var fresh []int
		fresh, duplicate = sortOut(objects, ids)
		if err := write(&Tx{tx.Bucket([]byte(bucketSeries)), tx.Bucket([]byte(bucketPages))}, fresh); err != nil {
			return err
		}
		return putIdentities(objects, ids, fresh, now)
	})
	if err != nil {
		return nil, fmt.Errorf("committing %d objects: %w", len(ids), err)
	}
	return duplicate, nil
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
