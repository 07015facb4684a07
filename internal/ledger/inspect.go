package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// OpenReadOnly opens a ledger to look into it. It changes nothing, so that it takes no older schema, and it does not open while a service has the
// ledger. Nothing can be committed.
func OpenReadOnly(dir string) (*Ledger, error) {
	path := filepath.Join(dir, fileName)
	if isStump(path) {
		return nil, openError(path, fmt.Errorf("%w: it is shorter than its two first pages", ErrDamaged))
	}
	cfg := options(Config{Dir: dir})
	cfg.ReadOnly = true
	db, err := openBolt(path, cfg)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening %s: %w; name the directory of the ledger with --state.dir", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, openError(path, err)
	}
	l := &Ledger{db: db, path: path, unlock: func() error { return nil }, update: db.Update}
	if err := guard(l.mustBeReady); err != nil {
		return nil, errors.Join(openError(path, err), db.Close())
	}
	return l, nil
}

// mustBeReady refuses what only the service can bring to this schema.
func (l *Ledger) mustBeReady() error {
	return l.db.View(func(tx *bbolt.Tx) error {
		if err := checkSize(tx, l.path); err != nil {
			return err
		}
		ready, err := isReady(tx)
		if err == nil && !ready {
			err = fmt.Errorf("%w: it is older than %d; start flowd once, which brings it there", ErrSchema, schemaVersion)
		}
		if err == nil {
			stats := statsOf(tx)
			l.stats.Store(&stats)
		}
		return err
	})
}

// Report is what a check found.
type Report struct {
	File     string     `json:"file"`
	Schema   int        `json:"schema"`
	Bytes    int64      `json:"bytes"`             // Of the file.
	Horizon  *time.Time `json:"horizon,omitempty"` // Objects written before it and without a row are not counted.
	Days     []DayCount `json:"days"`              // The oldest first.
	Objects  uint64     `json:"objects"`           // The rows of all days.
	Dropped  uint64     `json:"dropped"`           // Rows of days that were dropped.
	Series   int        `json:"series"`
	Pages    int        `json:"pages"`
	Problems []string   `json:"problems"` // Empty when the ledger is sound; at most 20.
}

// DayCount is how many rows a day has.
type DayCount struct {
	Day     string `json:"day"` // Of UTC, on which the objects were written.
	Objects uint64 `json:"objects"`
}

// maxProblems is enough to see what kind of damage it is.
const maxProblems = 20

// Problem adds what is wrong, in words.
func (r *Report) Problem(err error) {
	if err != nil && len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, err.Error())
	}
}

// Check reads the whole file: every value with its checksum, every row, and then bbolt's own account of the pages.
func (l *Ledger) Check() Report {
	s := l.Stats()
	r := Report{File: l.path, Schema: schemaVersion, Bytes: s.Bytes, Days: []DayCount{}, Problems: []string{}}
	if !s.Horizon.IsZero() {
		utc := s.Horizon.UTC()
		r.Horizon = &utc
	}
	r.Problem(l.Series(func(uint32, []byte) error { r.Series++; return nil }))
	r.Problem(l.Pages(func(uint32, []byte) error { r.Pages++; return nil }))
	r.Problem(guard(func() error { return l.db.View(r.checkRows) }))
	if len(r.Problems) == 0 { // bbolt's check believes the pages.
		r.Problem(guard(func() error { return l.db.View(r.checkPages) }))
	}
	return r
}

func (r *Report) checkRows(tx *bbolt.Tx) error {
	rows := openDays(tx)
	r.Dropped = numberOf(tx.Bucket([]byte(bucketMeta)), metaDropped)
	for i := len(rows.each) - 1; i >= 0; i-- {
		n := rows.each[i].bucket.Sequence()
		r.Days, r.Objects = append(r.Days, DayCount{rows.each[i].String(), n}), r.Objects+n
	}
	return rows.check()
}

// checkPages reads the channel to its end, because somebody writes to it.
func (r *Report) checkPages(tx *bbolt.Tx) error {
	for err := range tx.Check() {
		r.Problem(fmt.Errorf("%w: %w", ErrDamaged, err))
	}
	return nil
}

// Row is an object that is counted.
type Row struct {
	Day       string    `json:"day"`      // On which it was written, or the ledger was migrated.
	Identity  string    `json:"identity"` // The first 16 bytes of the SHA-256 of bucket, key and ETag, with a zero byte between each two.
	Committed time.Time `json:"committed"`
}

// Rows yields every row, the oldest day first.
func (l *Ledger) Rows(yield func(Row) error) error {
	err := guard(func() error {
		return l.db.View(func(tx *bbolt.Tx) error {
			rows := openDays(tx)
			var errs []error
			for i := len(rows.each) - 1; i >= 0; i-- {
				d := rows.each[i]
				errs = append(errs, d.bucket.ForEach(func(row, at []byte) error {
					return yield(Row{d.String(), hex.EncodeToString(row), timeOf(at).UTC()})
				}))
			}
			return errors.Join(errs...)
		})
	})
	if err != nil {
		return fmt.Errorf("reading %s: %w", l.path, err)
	}
	return nil
}
