package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// fileName is the ledger's file in the state directory.
const fileName = "ledger.db"

// schemaVersion is that of the buckets. Another version is refused, in both directions.
const schemaVersion = 1

// lockTimeout is how long opening waits for another process to let go.
const lockTimeout = time.Second

// Open opens or creates the ledger. The file is private to the user. Errors name the file, and what to do.
func Open(cfg Config) (*Ledger, error) {
	if cfg.Dir == "" {
		return openMemory()
	}
	if err := makeDir(cfg.Dir); err != nil {
		return nil, fmt.Errorf("creating the state directory: %w; give a --state.dir that may be written", err)
	}
	l, err := openFile(filepath.Join(cfg.Dir, fileName), false)
	if err != nil {
		return nil, err
	}
	if err := syncDir(cfg.Dir); err != nil {
		return nil, errors.Join(err, l.db.Close())
	}
	return l, nil
}

// openMemory has the same code paths on a file that is never synced, and whose name is gone while it is open: a process that is killed leaves
// nothing behind. Where there is no place for temporary files, as in a container with a read-only root, shared memory is one.
func openMemory() (*Ledger, error) {
	dir, err := os.MkdirTemp("", "flowd-memory-")
	if err != nil {
		shared := error(nil)
		if dir, shared = os.MkdirTemp("/dev/shm", "flowd-memory-"); shared != nil {
			return nil, fmt.Errorf("creating a place for state in memory: %w; set TMPDIR to a directory that may be written", errors.Join(err, shared))
		}
	}
	l, err := openFile(filepath.Join(dir, fileName), true)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if l.tmp = dir; os.RemoveAll(dir) != nil {
		return l, nil // This system keeps the name of an open file. Close tries again.
	}
	return l, nil
}

func openFile(path string, noSync bool) (*Ledger, error) {
	var db *bbolt.DB
	err := guard(func() (err error) {
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, NoSync: noSync})
		return err
	})
	if err != nil {
		return nil, openError(path, err)
	}
	err = guard(func() error {
		if err := checkSize(db, path); err != nil {
			return err
		}
		return db.Update(prepare)
	})
	if err != nil {
		return nil, errors.Join(openError(path, err), db.Close())
	}
	return &Ledger{db: db, path: path, update: updating(db.Update)}, nil
}

func openError(path string, err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("opening %s: %w; stop it, or give this one a --state.dir of its own", path, ErrLocked)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch), isStump(path):
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if errors.Is(err, ErrDamaged) {
		return fmt.Errorf("opening %s: %w; put back a copy, or move the file away: counters start at 0 then, and what is still queued may count twice", path, err)
	}
	return fmt.Errorf("opening %s: %w", path, err)
}

// isStump says whether a file is too short for its two meta pages, for which bbolt has no error of its own.
func isStump(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() > 0 && info.Size() < int64(2*os.Getpagesize())
}

// checkSize finds a file that was cut. Its pages are mapped, so reading past its end would end the process.
func checkSize(db *bbolt.DB, path string) error {
	return db.View(func(tx *bbolt.Tx) error {
		info, err := os.Stat(path)
		if err == nil && info.Size() < tx.Size() {
			err = fmt.Errorf("%w: it has %d bytes of %d", ErrDamaged, info.Size(), tx.Size())
		}
		return err
	})
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

// makeDir creates a directory and what is missing above it, and makes each name durable: a power cut that takes the directory takes the ledger.
func makeDir(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable; syncing a file does that only for its content.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("syncing a directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("syncing directory %s: %w", path, err)
	}
	return nil
}
