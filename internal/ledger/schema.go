package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"go.etcd.io/bbolt"
)

// The buckets, and their content.
const (
	bucketMeta   = "meta"   // The keys below.
	bucketDays   = "days"   // Day, 4 bytes → a bucket of identity → Unix seconds of the commit, 8 bytes. See days.go.
	bucketSeries = "series" // Series ID, 4 bytes → definition and checksum.
	bucketPages  = "pages"  // Page number, 4 bytes → counters and checksum.
)

// The keys of the meta bucket. All numbers in the file are big-endian.
const (
	metaSchema  = "schema"  // 4 bytes.
	metaHorizon = "horizon" // Unix seconds, 8 bytes; missing while nothing was forgotten.
	metaDropped = "dropped" // Rows in all days that were dropped, 8 bytes.
)

// schemaVersion is that of the buckets. An older one is migrated, a newer one refused.
const schemaVersion = 2

// The first schema had no days, and no checksums.
const (
	schemaWithoutDays = 1
	bucketObjects     = "objects" // Identity → Unix seconds of the commit, 8 bytes.
)

func buckets() []string { return []string{bucketMeta, bucketDays, bucketSeries, bucketPages} }

// isReady says whether the file has this schema, so that opening it needs no transaction.
func isReady(tx *bbolt.Tx) (bool, error) {
	meta := tx.Bucket([]byte(bucketMeta))
	if meta == nil || meta.Get([]byte(metaSchema)) == nil {
		return false, nil
	}
	version := meta.Get([]byte(metaSchema))
	if len(version) != 4 {
		return false, fmt.Errorf("%w: its schema version has %d bytes", ErrDamaged, len(version))
	}
	if got := binary.BigEndian.Uint32(version); got != schemaVersion {
		return false, checkOlder(got)
	}
	for _, name := range buckets() {
		if tx.Bucket([]byte(name)) == nil {
			return false, fmt.Errorf("%w: it has no bucket %s", ErrDamaged, name)
		}
	}
	return true, nil
}

func checkOlder(version uint32) error {
	if version == schemaWithoutDays {
		return nil
	}
	return fmt.Errorf("%w: it has %d, this flowd reads up to %d; run the flowd that wrote it, or start with another --state.dir", ErrSchema, version, schemaVersion)
}

// prepare makes a file that is new or older a ledger of this schema.
func prepare(tx *bbolt.Tx, now time.Time) error {
	for _, name := range buckets() {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return fmt.Errorf("creating bucket %s: %w", name, err)
		}
	}
	if tx.Bucket([]byte(bucketObjects)) != nil {
		if err := migrate(tx, now); err != nil {
			return fmt.Errorf("bringing the ledger to schema %d: %w", schemaVersion, err)
		}
	}
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaSchema), key(schemaVersion))
}

// migrate gives every row the day of the migration, or that of the last commit when the clock stands before it: its object was written no later. The
// transaction holds the whole ledger in memory.
func migrate(tx *bbolt.Tx, now time.Time) error {
	rows, latest := tx.Bucket([]byte(bucketObjects)), dayOf(now)
	if err := rows.ForEach(func(row, at []byte) error {
		if len(row) != 16 || len(at) != 8 {
			return fmt.Errorf("%w: a row has %d and %d bytes", ErrDamaged, len(row), len(at))
		}
		latest = max(latest, dayOf(timeOf(at)))
		return nil
	}); err != nil {
		return err
	}
	days := openDays(tx)
	err := rows.ForEach(func(row, at []byte) error { return days.put([16]byte(row), latest, at) })
	err = errors.Join(err, tx.DeleteBucket([]byte(bucketObjects)))
	for _, name := range []string{bucketSeries, bucketPages} {
		err = errors.Join(err, addChecksums(tx.Bucket([]byte(name))))
	}
	return err
}

func addChecksums(b *bbolt.Bucket) error {
	values := map[string][]byte{}
	if err := b.ForEach(func(k, v []byte) error {
		values[string(k)] = withChecksum(k, v)
		return nil
	}); err != nil {
		return err
	}
	var errs []error
	for k, v := range values {
		errs = append(errs, b.Put([]byte(k), v))
	}
	return errors.Join(errs...)
}

// eachValue yields what a bucket holds by number.
func eachValue(tx *bbolt.Tx, bucket string, yield func(uint32, []byte) error) error {
	return tx.Bucket([]byte(bucket)).ForEach(func(k, v []byte) error {
		if len(k) != 4 {
			return fmt.Errorf("%w: bucket %s has a key of %d bytes", ErrDamaged, bucket, len(k))
		}
		n := binary.BigEndian.Uint32(k)
		content, ok := withoutChecksum(k, v)
		if !ok {
			return fmt.Errorf("%w: the checksum of %d in bucket %s is wrong", ErrDamaged, n, bucket)
		}
		return yield(n, content)
	})
}

// withChecksum is the value that is stored for a content. bbolt checks only its own two meta pages, so that a bit that the disk lost would be a
// counter that nobody counted.
func withChecksum(k, content []byte) []byte {
	v := append(make([]byte, 0, len(content)+4), content...)
	return binary.BigEndian.AppendUint32(v, checksum(k, content))
}

func withoutChecksum(k, v []byte) (content []byte, ok bool) {
	if len(v) < 4 {
		return nil, false
	}
	content = v[:len(v)-4]
	return content, binary.BigEndian.Uint32(v[len(content):]) == checksum(k, content)
}

// checksum includes the key: a value in the place of another is damage too.
func checksum(k, content []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(k, table), table, content)
}

func key(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func seconds(t time.Time) []byte { return binary.BigEndian.AppendUint64(nil, uint64(t.Unix())) }

// timeOf reads what seconds wrote.
func timeOf(b []byte) time.Time { return time.Unix(int64(binary.BigEndian.Uint64(b)), 0) }
