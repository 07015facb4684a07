package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// fileName is the ledger's file in the state directory.
const fileName = "ledger.db"

// schemaVersion is that of the buckets below. Another version is refused, in both directions.
const schemaVersion = 1

// lockTimeout is how long opening waits for another process to let go.
const lockTimeout = time.Second

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
	db  *bbolt.DB
	dir string // Of the file; empty in memory mode.
	tmp string // Removed by Close, in memory mode.
}

// Open opens or creates the ledger. The file is private to the user. Errors name the file and, for [ErrLocked] and [ErrSchema], what to do.
func Open(cfg Config) (*Ledger, error) {
	if cfg.Dir == "" {
		return openMemory()
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the state directory: %w", err)
	}
	path := filepath.Join(cfg.Dir, fileName)
	db, err := openFile(path, false)
	if err != nil {
		return nil, err
	}
	if err := syncDir(cfg.Dir); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Ledger{db: db, dir: cfg.Dir}, nil
}

// openMemory has the same code paths on a file that is never synced, whose name is gone while it is open.
func openMemory() (*Ledger, error) {
	dir, err := os.MkdirTemp("", "flowd-memory-")
	if err != nil {
		return nil, fmt.Errorf("creating a place for state in memory: %w", err)
	}
	db, err := openFile(filepath.Join(dir, fileName), true)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Ledger{db: db, tmp: dir}, nil
}

func openFile(path string, noSync bool) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, NoSync: noSync})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("opening %s: %w; stop it, or give this one a --state.dir of its own", path, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	if err := db.Update(prepare); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), db.Close())
	}
	return db, nil
}

func prepare(tx *bbolt.Tx) error {
	for _, name := range []string{bucketMeta, bucketObjects, bucketSeries, bucketPages} {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return fmt.Errorf("creating bucket %s: %w", name, err)
		}
	}
	meta, want := tx.Bucket([]byte(bucketMeta)), binary.BigEndian.AppendUint32(nil, schemaVersion)
	got := meta.Get([]byte("schema"))
	if got == nil {
		return meta.Put([]byte("schema"), want)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%w: it has %x, this flowd reads %x; run the flowd that wrote it, or start with another --state.dir", ErrSchema, got, want)
	}
	return nil
}

// syncDir makes the file's name durable, not only its content.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("syncing the state directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("syncing the state directory %s: %w", path, err)
	}
	return nil
}

// Durable reports whether what is committed survives the process.
func (l *Ledger) Durable() bool { return l.dir != "" }

// Close waits for transactions in progress and releases the file.
func (l *Ledger) Close() error {
	if err := l.db.Close(); err != nil {
		return fmt.Errorf("closing the ledger: %w", err)
	}
	if l.tmp != "" {
		return os.RemoveAll(l.tmp)
	}
	return nil
}

// Counted reports whether an object is in the totals. It is a look-up, not a promise: [Ledger.Commit] looks again.
func (l *Ledger) Counted(id Identity) (counted bool, err error) {
	row := id.row()
	err = l.db.View(func(tx *bbolt.Tx) error {
		counted = tx.Bucket([]byte(bucketObjects)).Get(row[:]) != nil
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("looking up s3://%s/%s in the ledger: %w", id.Bucket, id.Key, err)
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
	return l.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucket)).ForEach(func(k, v []byte) error {
			if len(k) != 4 {
				return fmt.Errorf("bucket %s has a key of %d bytes", bucket, len(k))
			}
			return yield(binary.BigEndian.Uint32(k), v)
		})
	})
}
