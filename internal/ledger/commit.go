package ledger

import (
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

// PutPage stores a counter page. It keeps nothing of content.
func (t *Tx) PutPage(n uint32, content []byte) error {
	return t.pages.Put(key(n), withChecksum(key(n), content))
}

// PutSeries stores a series definition, and keeps nothing of it.
func (t *Tx) PutSeries(id uint32, definition []byte) error {
	return t.series.Put(key(id), withChecksum(key(id), definition))
}

// DeleteSeries removes a series definition.
func (t *Tx) DeleteSeries(id uint32) error { return t.series.Delete(key(id)) }

// Commit writes the identities of objects and what counting them changed, in one synced transaction, and drops a day that is due (see the package
// comment). The outcomes are in the order of the objects.
//
// Objects that have a row already, or that stand twice in the list, are duplicates, and those of [ErrForgotten] are left out; write gets the
// positions of the others and stores what they change. An error or a panic of write, or an error of the disk, leaves the ledger as it was, and then
// nothing is said of any object. But after [ErrUncertain] and [ErrDamaged] nothing is committed any more.
func (l *Ledger) Commit(objects []Object, now time.Time, write func(tx *Tx, fresh []int) error) ([]Outcome, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return nil, l.failed
	}
	t := transaction{objects: objects, now: now, mayForget: now.Sub(l.dropped) >= dropEvery, limit: l.limit, path: l.path}
	err := guard(func() error {
		return l.update(func(tx *bbolt.Tx) error { return t.do(tx, write) })
	})
	if err != nil {
		return nil, l.commitFailed(t.id, fmt.Errorf("committing %d objects to %s: %w", len(objects), l.path, err))
	}
	if t.forgot {
		l.dropped = now
	}
	l.stats.Store(&t.stats)
	return t.outcomes, nil
}

// transaction is a commit that is not durable yet.
type transaction struct {
	objects   []Object
	now       time.Time
	mayForget bool
	limit     uint64
	path      string

	id       int
	forgot   bool
	outcomes []Outcome
	fresh    []int
	days     []day // Of the rows of fresh.
	stats    Stats
}

func (t *transaction) do(tx *bbolt.Tx, write func(*Tx, []int) error) (err error) {
	t.id = tx.ID()
	if t.mayForget {
		if t.forgot, err = forget(tx, t.now); err != nil {
			return fmt.Errorf("dropping a day: %w", err)
		}
	}
	rows := openDays(tx)
	if err := t.sortOut(rows, horizonOf(tx)); err != nil {
		return err
	}
	if err := t.checkLimit(rows); err != nil {
		return err
	}
	if err := call(write, &Tx{tx.Bucket([]byte(bucketSeries)), tx.Bucket([]byte(bucketPages))}, t.fresh); err != nil {
		return err
	}
	if err := t.putRows(rows); err != nil {
		return err
	}
	t.stats = statsOf(tx)
	return nil
}

// sortOut finds the fates of the objects that are not to be counted, and the positions of the others.
func (t *transaction) sortOut(rows *days, horizon time.Time) error {
	t.outcomes = make([]Outcome, len(t.objects))
	inGroup := make(map[[16]byte]int, len(t.objects))
	for i, o := range t.objects {
		row := o.row()
		known := rows.find(row)
		first, again := inGroup[row]
		switch {
		case known != nil:
			t.outcomes[i].Duplicate = true
			if err := rows.keep(row, known, dayOf(o.Written)); err != nil {
				return fmt.Errorf("keeping a row: %w", err)
			}
		case again:
			t.outcomes[i].Duplicate = true
			t.days[first] = max(t.days[first], dayOf(o.Written)) // As keep does.
		case o.Written.Before(horizon):
			t.outcomes[i].Err = fmt.Errorf("s3://%s/%s: %w: the horizon is %s", o.Bucket, o.Key, ErrForgotten, horizon.UTC().Format(time.RFC3339))
		default:
			inGroup[row] = len(t.fresh)
			t.fresh, t.days = append(t.fresh, i), append(t.days, t.dayOf(o))
		}
	}
	return nil
}

// checkLimit refuses the whole transaction: its messages come back, and receiving stops until there is room. Nothing is dropped for it.
func (t *transaction) checkLimit(rows *days) error {
	if n := rows.count(); t.limit > 0 && len(t.fresh) > 0 && n+uint64(len(t.fresh)) > t.limit {
		return fmt.Errorf("%w: %d of %d; nothing was counted: raise --ledger.max-objects, or wait until the oldest day is dropped", ErrFull, n, t.limit)
	}
	return nil
}

// dayOf is the day whose rows an object is with. One whose time nobody knows was written today at the latest.
func (t *transaction) dayOf(o Object) day {
	if o.Written.IsZero() {
		return dayOf(t.now)
	}
	return dayOf(o.Written)
}

// putRows stores a row for every object that counts.
func (t *transaction) putRows(rows *days) error {
	var errs []error
	for n, i := range t.fresh {
		errs = append(errs, rows.put(t.objects[i].row(), t.days[n], seconds(t.now)))
	}
	return errors.Join(errs...)
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
