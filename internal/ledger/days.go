package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// daysKept is how long a row is kept after the end of the day on which its object was written. The ingest's horizon must be two days less.
	daysKept = 30
	// dropEvery bounds how fast days go, should both clocks be wrong.
	dropEvery = time.Hour
)

// day counts days of UTC since 1970.
type day uint32

const daySeconds = 24 * 60 * 60

// dayOf has no days before 1970, where clocks without a battery begin.
func dayOf(t time.Time) day { return day(max(t.Unix(), 0) / daySeconds) }

// begin and end bound a day; the end is the beginning of the next.
func (d day) begin() time.Time { return time.Unix(int64(d)*daySeconds, 0) }
func (d day) end() time.Time   { return (d + 1).begin() }

func (d day) String() string { return d.begin().UTC().Format(time.DateOnly) }

// days are the rows, within a transaction.
type days struct {
	root *bbolt.Bucket
	each []dayRows // The newest first: what comes twice comes soon.
}

// dayRows are the rows of one day. The sequence of the bucket, which bbolt keeps and nothing else uses, is their number.
type dayRows struct {
	day
	bucket *bbolt.Bucket
}

func openDays(tx *bbolt.Tx) *days {
	d := &days{root: tx.Bucket([]byte(bucketDays))}
	c := d.root.Cursor()
	for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
		if bucket := d.root.Bucket(k); bucket != nil && len(k) == 4 {
			d.each = append(d.each, dayRows{day(binary.BigEndian.Uint32(k)), bucket})
		}
	}
	return d
}

// find returns the day that has a row; nil when none has. A microsecond or two for each day is little beside getting an object.
func (d *days) find(row [16]byte) *dayRows {
	for i := range d.each {
		if d.each[i].bucket.Get(row[:]) != nil {
			return &d.each[i]
		}
	}
	return nil
}

// count is the number of rows.
func (d *days) count() (n uint64) {
	for _, rows := range d.each {
		n += rows.bucket.Sequence()
	}
	return n
}

// put stores a row that no day has.
func (d *days) put(row [16]byte, at day, committed []byte) error {
	rows, err := d.of(at)
	if err != nil {
		return err
	}
	return errors.Join(rows.bucket.Put(row[:], committed), rows.bucket.SetSequence(rows.bucket.Sequence()+1))
}

// of returns a day, and creates it.
func (d *days) of(at day) (*dayRows, error) {
	for i := range d.each {
		if d.each[i].day == at {
			return &d.each[i], nil
		}
	}
	bucket, err := d.root.CreateBucket(key(uint32(at)))
	if err != nil {
		return nil, fmt.Errorf("creating the bucket of a day: %w", err)
	}
	d.each = append(d.each, dayRows{at, bucket})
	return &d.each[len(d.each)-1], nil
}

// keep moves a row to a later day: its object was written again, with the same content, and is still the same object.
func (d *days) keep(row [16]byte, from *dayRows, at day) error {
	if at <= from.day {
		return nil
	}
	committed := append([]byte(nil), from.bucket.Get(row[:])...)
	err := errors.Join(from.bucket.Delete(row[:]), from.bucket.SetSequence(from.bucket.Sequence()-1))
	return errors.Join(err, d.put(row, at, committed))
}

// due returns the day that may be dropped now. The clock of this machine and the newest object, which has the clock of S3, must both say so.
func (d *days) due(now time.Time) *dayRows {
	if len(d.each) == 0 {
		return nil
	}
	newest, oldest := d.each[0].day, &d.each[len(d.each)-1]
	if agreed := min(newest, dayOf(now)); agreed <= daysKept || oldest.day >= agreed-daysKept {
		return nil
	}
	return oldest
}

// forget drops the day that is due, moves the horizon, and reports whether it did. A day of 33,000 rows takes about 2 ms.
func forget(tx *bbolt.Tx, now time.Time) (bool, error) {
	d := openDays(tx)
	gone := d.due(now)
	if gone == nil {
		return false, nil
	}
	meta := tx.Bucket([]byte(bucketMeta))
	dropped := numberOf(meta, metaDropped) + gone.bucket.Sequence()
	return true, errors.Join(
		d.root.DeleteBucket(key(uint32(gone.day))),
		meta.Put([]byte(metaDropped), binary.BigEndian.AppendUint64(nil, dropped)),
		moveHorizon(tx, gone.end()),
	)
}

// horizonOf is the time before which rows are missing; zero when none are.
func horizonOf(tx *bbolt.Tx) time.Time {
	if b := tx.Bucket([]byte(bucketMeta)).Get([]byte(metaHorizon)); len(b) == 8 {
		return timeOf(b)
	}
	return time.Time{}
}

// moveHorizon moves it forward only.
func moveHorizon(tx *bbolt.Tx, to time.Time) error {
	if !to.After(horizonOf(tx)) {
		return nil
	}
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaHorizon), seconds(to))
}

func numberOf(meta *bbolt.Bucket, name string) uint64 {
	if b := meta.Get([]byte(name)); len(b) == 8 {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}
