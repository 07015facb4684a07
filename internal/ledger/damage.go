package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

const damageAdvice = "put back a copy, or start with --ledger.on-corruption=recreate: it sets the file aside, counters start at 0, and objects that were written " +
	"before are not counted"

// recreate gives a damaged file another name and puts a new one into its place. Nobody knows which objects the old one had, so that none that was
// written before now is counted. At every instant there is a ledger that is damaged or one that has the horizon; a crash that left none would be a
// ledger that begins without it. The caller has the lock of the directory.
func recreate(cfg Config, path string, why error) (*Ledger, error) {
	now := cfg.now()
	aside := path + ".damaged-" + now.UTC().Format("20060102T150405.000000000Z")
	if err := os.Link(path, aside); err != nil {
		return nil, fmt.Errorf("setting a damaged ledger aside: %w", errors.Join(err, why))
	}
	if err := create(cfg, now); err != nil {
		return nil, err
	}
	l, err := openFile(cfg, path)
	if err != nil {
		return nil, err
	}
	l.aside = SetAside{Path: aside, Why: why}
	return l, nil
}

// readAll looks at every page that is in use.
func (l *Ledger) readAll() error {
	err := guard(func() error {
		return l.db.View(func(tx *bbolt.Tx) error {
			ignore := func(uint32, []byte) error { return nil }
			err := errors.Join(eachValue(tx, bucketSeries, ignore), eachValue(tx, bucketPages, ignore))
			return errors.Join(err, openDays(tx).check())
		})
	})
	if err != nil {
		return fmt.Errorf("reading %s: %w", l.path, err)
	}
	return nil
}

// check counts the rows.
func (d *days) check() error {
	for _, rows := range d.each {
		n := uint64(0)
		if err := rows.bucket.ForEach(func(row, at []byte) error {
			if n++; len(row) != 16 || len(at) != 8 {
				return fmt.Errorf("%w: a row of %s has %d and %d bytes", ErrDamaged, rows.day, len(row), len(at))
			}
			return nil
		}); err != nil {
			return err
		}
		if n != rows.bucket.Sequence() {
			return fmt.Errorf("%w: %s has %d rows of %d", ErrDamaged, rows.day, n, rows.bucket.Sequence())
		}
	}
	return nil
}

// isStump says whether a file is too short for its two meta pages. A file that was never whole has another name.
func isStump(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() < int64(2*os.Getpagesize())
}

// checkSize finds a file that was cut. Its pages are mapped, so reading past its end would end the process.
func checkSize(tx *bbolt.Tx, path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Size() < tx.Size() {
		err = fmt.Errorf("%w: it has %d bytes of %d", ErrDamaged, info.Size(), tx.Size())
	}
	return err
}

func isLink(path string) bool {
	info, err := os.Lstat(filepath.Clean(path))
	return err == nil && info.Mode()&os.ModeSymlink != 0
}
