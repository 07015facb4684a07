package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// create makes a whole and synced file before it gets its name, also that of another file, so that a file with that name is either whole or damaged: a power cut in the middle
// leaves nothing that could be taken for a ledger.
func create(cfg Config, horizon time.Time) error {
	fresh := filepath.Join(cfg.Dir, newName)
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("creating a ledger: %w", err)
	}
	db, err := bbolt.Open(fresh, 0o600, options(cfg))
	if err != nil {
		return fmt.Errorf("creating a ledger: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(prepare(tx, cfg.now()), moveHorizon(tx, horizon))
	})
	if err = errors.Join(err, db.Close()); err == nil {
		err = os.Rename(fresh, filepath.Join(cfg.Dir, fileName))
	}
	if err != nil {
		return fmt.Errorf("creating a ledger in %s: %w", cfg.Dir, err)
	}
	return syncDir(cfg.Dir)
}

func options(cfg Config) *bbolt.Options {
	return &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, NoSync: cfg.Dir == "", OpenFile: openPrivate}
}

// openPrivate follows no link, and takes from others what they may do with the file.
func openPrivate(path string, flag int, mode os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(path, flag|noFollow, mode)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.Mode().Perm() != mode && flag&os.O_RDWR != 0 {
		if err := f.Chmod(mode); err != nil {
			return nil, errors.Join(fmt.Errorf("making it private: %w", err), f.Close())
		}
	}
	return f, nil
}

func openFile(cfg Config, path string) (*Ledger, error) {
	if cfg.Dir != "" && isStump(path) {
		return nil, openError(path, fmt.Errorf("%w: it is shorter than its two first pages", ErrDamaged))
	}
	db, err := openBolt(path, options(cfg))
	if err != nil {
		return nil, openError(path, err)
	}
	l := &Ledger{db: db, path: path, limit: cfg.MaxObjects, update: updating(db.Update)}
	if err := guard(func() error { return l.makeReady(cfg.now()) }); err != nil {
		return nil, errors.Join(openError(path, err), db.Close())
	}
	return l, nil
}

// openBolt lets go of a file in which bbolt came to grief: it would be locked until the process ends.
func openBolt(path string, o *bbolt.Options) (db *bbolt.DB, err error) {
	var opened []*os.File
	open := o.OpenFile
	o.OpenFile = func(path string, flag int, mode os.FileMode) (*os.File, error) {
		f, err := open(path, flag, mode)
		if err == nil {
			opened = append(opened, f)
		}
		return f, err
	}
	if err = guard(func() (err error) { db, err = bbolt.Open(path, 0o600, o); return err }); errors.Is(err, ErrDamaged) {
		for _, f := range opened {
			err = errors.Join(err, release(f))
		}
	}
	return db, err
}

// makeReady writes only to a file that is not of this schema yet.
func (l *Ledger) makeReady(now time.Time) error {
	ready := false
	if err := l.db.View(func(tx *bbolt.Tx) (err error) {
		if err := checkSize(tx, l.path); err != nil {
			return err
		}
		ready, err = isReady(tx)
		return err
	}); err != nil {
		return err
	}
	if !ready {
		if err := l.db.Update(func(tx *bbolt.Tx) error { return prepare(tx, now) }); err != nil {
			return err
		}
	}
	return l.db.View(func(tx *bbolt.Tx) error {
		stats := statsOf(tx)
		l.stats.Store(&stats)
		return nil
	})
}
