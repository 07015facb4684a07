package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"flowd/pkg/ingest"
)

const (
	aDay  = 24 * time.Hour
	aYear = 365 * aDay
)

// counts commits one object at a time of this machine, and says what became of it.
func counts(t *testing.T, l *Ledger, o Object, clock time.Time) string {
	t.Helper()
	got, err := l.Commit([]Object{o}, clock, nothing)
	switch {
	case err != nil:
		t.Fatal(err)
	case errors.Is(got[0].Err, ErrForgotten):
		return "forgotten"
	case got[0].Err != nil:
		t.Fatal(got[0].Err)
	case got[0].Duplicate:
		return "duplicate"
	}
	return "counted"
}

// F73 wall clock that jumps a year forward or back: no object is forgotten, and none counts twice.
func TestF73_ClockJumps(t *testing.T) {
	for name, jumps := range map[string][]time.Duration{
		"a year ahead, for two days":                  {0, aYear, aYear, 0},
		"a year back":                                 {0, -aYear, -aYear, 0},
		"ahead and back and right":                    {aYear, -aYear, 0, aYear, 0},
		"in 1970 until it is set, as without battery": {time.Unix(0, 0).Sub(now()), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, "")
			defer closed(t, l)
			n := 0
			for i, jump := range jumps {
				for hour := range 48 { // More than one day could be dropped an hour apart.
					s3 := now().Add(time.Duration(i*48+hour) * time.Hour)
					if got := counts(t, l, at(n, s3), s3.Add(jump)); got != "counted" {
						t.Fatalf("object %d: got %s, want counted", n, got)
					}
					n++
				}
			}
			for i := range n {
				if got := counts(t, l, at(i, now()), now().Add(time.Duration(n)*time.Hour)); got != "duplicate" {
					t.Errorf("object %d, once more: got %s, want duplicate", i, got)
				}
			}
			if got := l.Stats(); got.Rows != uint64(n) || !got.Horizon.IsZero() {
				t.Errorf("got %+v, want %d rows and no horizon", got, n)
			}
		})
	}
}

// TestDaysAreDropped counts an object a day, and two months later whatever hour it is.
func TestDaysAreDropped(t *testing.T) {
	l := open(t, "")
	defer closed(t, l)
	first := now().Truncate(aDay)
	for n := range 60 {
		when := first.Add(time.Duration(n) * aDay)
		if got := counts(t, l, at(n, when), when); got != "counted" {
			t.Fatalf("object %d: got %s, want counted", n, got)
		}
	}
	if _, err := l.Commit(nil, first.Add(59*aDay+time.Hour), nothing); err != nil { // The last object is the newest only now.
		t.Fatal(err)
	}
	// Day 28 had ended 30 days before day 59 began; day 29 had not.
	wantStats(t, l, 31, first.Add(29*aDay))
	if got := counts(t, l, at(28, first.Add(28*aDay)), first.Add(59*aDay)); got != "forgotten" {
		t.Errorf("an object whose day was dropped: got %s, want forgotten", got)
	}
	if _, err := l.Counted(at(28, first.Add(28*aDay))); !errors.Is(err, ErrForgotten) {
		t.Errorf("its look-up: got %v, want %v", err, ErrForgotten)
	}
	if got := counts(t, l, at(29, first.Add(29*aDay)), first.Add(59*aDay)); got != "duplicate" {
		t.Errorf("the oldest that is known: got %s, want duplicate", got)
	}
}

func wantStats(t *testing.T, l *Ledger, rows uint64, horizon time.Time) {
	t.Helper()
	got := l.Stats()
	if got.Rows != rows || !got.Horizon.Equal(horizon) || got.Bytes == 0 || got.Oldest.Before(horizon) {
		t.Errorf("got %+v, want %d rows and the horizon at %s", got, rows, horizon)
	}
}

// TestBothClocksMustAgree has an old day, and looks at what drops it.
func TestBothClocksMustAgree(t *testing.T) {
	for name, c := range map[string]struct {
		s3, clock time.Duration // After the old day began.
		want      uint64        // Rows that are left of two.
	}{
		"neither says so":            {30 * aDay, 30 * aDay, 2},
		"only this machine's":        {30 * aDay, aYear, 2},
		"only that of S3":            {aYear, 30 * aDay, 2},
		"both":                       {31 * aDay, 31 * aDay, 1},
		"both, and one says more":    {31 * aDay, aYear, 1},
		"both, a second before that": {31*aDay - time.Second, 31*aDay - time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, "")
			defer closed(t, l)
			old := now().Truncate(aDay)
			counts(t, l, at(0, old), old)
			counts(t, l, at(1, old.Add(c.s3)), old) // Only then the newest object is known.
			counts(t, l, at(1, old.Add(c.s3)), old.Add(c.clock))
			if got := l.Stats().Rows; got != c.want {
				t.Errorf("got %d rows, want %d", got, c.want)
			}
		})
	}
}

func TestOneDayAnHour(t *testing.T) {
	l := open(t, "")
	defer closed(t, l)
	old := now().Truncate(aDay)
	for n := range 5 {
		counts(t, l, at(n, old.Add(time.Duration(n)*aDay)), old)
	}
	late := old.Add(100 * aDay)
	counts(t, l, at(9, late), old)
	for _, c := range []struct {
		minute int
		want   uint64
	}{{0, 5}, {59, 5}, {60, 4}, {119, 4}, {120, 3}} {
		if _, err := l.Commit(nil, late.Add(time.Duration(c.minute)*time.Minute), nothing); err != nil { // Housekeeping is enough.
			t.Fatal(err)
		}
		if got := l.Stats().Rows; got != c.want {
			t.Errorf("after %d minutes: got %d rows, want %d", c.minute, got, c.want)
		}
	}
}

// TestForgottenObjectCostsNobodyElse has one in a group.
func TestForgottenObjectCostsNobodyElse(t *testing.T) {
	l := open(t, "")
	defer closed(t, l)
	old := now().Truncate(aDay)
	counts(t, l, at(0, old), old)
	counts(t, l, at(1, old.Add(40*aDay)), old.Add(40*aDay))
	var fresh []int
	late := old.Add(41 * aDay)
	got, err := l.Commit([]Object{at(2, late), at(3, old), at(4, time.Time{}), at(5, late)}, late, func(_ *Tx, f []int) error { fresh = f; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(fresh) != "[0 3]" || !errors.Is(got[1].Err, ErrForgotten) || !errors.Is(got[2].Err, ErrForgotten) || got[0].Err != nil || got[3].Err != nil {
		t.Errorf("got %v, and %v to count, want the first and the last, and the others forgotten", got, fresh)
	}
}

// TestObjectThatIsWrittenAgainIsKept rewrites an object with the same content, which is the same object.
func TestObjectThatIsWrittenAgainIsKept(t *testing.T) {
	l := open(t, "")
	defer closed(t, l)
	old := now().Truncate(aDay)
	again := old.Add(20 * aDay)
	counts(t, l, at(0, old), old)
	if counted, err := l.Counted(at(0, old.Add(aDay))); !counted || err != nil {
		t.Errorf("looked up with the time of its notification: got %v, %v, want counted", counted, err)
	}
	if counted, err := l.Counted(at(0, again)); counted || err != nil {
		t.Errorf("looked up after it was written again: got %v, %v: the commit would not keep its row", counted, err)
	}
	if got := counts(t, l, at(0, again), again); got != "duplicate" {
		t.Errorf("got %s, want duplicate", got)
	}
	late := old.Add(45 * aDay)
	counts(t, l, at(1, late), late)
	counts(t, l, at(1, late), late.Add(time.Hour))
	if got := counts(t, l, at(0, again), late.Add(time.Hour)); got != "duplicate" {
		t.Errorf("when its first day is over: got %s, want duplicate", got)
	}
	if got := l.Stats().Rows; got != 2 {
		t.Errorf("got %d rows, want 2", got)
	}
}

// TestObjectThatIsWrittenAgainIsKeptInAGroup has both of its times in one transaction.
func TestObjectThatIsWrittenAgainIsKeptInAGroup(t *testing.T) {
	l := open(t, "")
	defer closed(t, l)
	old := now().Truncate(aDay)
	again := old.Add(20 * aDay)
	if _, err := l.Commit([]Object{at(0, old), at(0, again)}, again, nothing); err != nil {
		t.Fatal(err)
	}
	late := old.Add(45 * aDay)
	counts(t, l, at(1, late), late)
	counts(t, l, at(1, late), late.Add(time.Hour))
	if got := counts(t, l, at(0, again), late.Add(time.Hour)); got != "duplicate" {
		t.Errorf("when its first day is over: got %s, want duplicate", got)
	}
}

func TestTheHorizonNeverMovesBack(t *testing.T) {
	l := open(t, "")
	defer closed(t, l)
	if err := l.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(moveHorizon(tx, now()), moveHorizon(tx, now().Add(-aDay)), moveHorizon(tx, time.Time{}))
	}); err != nil {
		t.Fatal(err)
	}
	if err := l.db.View(func(tx *bbolt.Tx) error {
		if got := horizonOf(tx); !got.Equal(now()) {
			t.Errorf("got %s, want %s", got, now())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestNeverTwice lets both clocks do what they like, with objects that come again at any time.
func TestNeverTwice(t *testing.T) {
	const seed, operations = 7, 4000
	rng := rand.New(rand.NewPCG(seed, seed))
	l := open(t, "")
	defer closed(t, l)
	clock, s3 := now(), now()
	written, counted := map[int]time.Time{}, map[int]bool{}
	fates := map[string]int{}
	for range operations {
		switch rng.IntN(20) {
		case 0:
			clock = clock.Add(time.Duration(rng.IntN(int(2*aYear))) - aYear)
		case 1:
			clock = s3
		}
		s3 = s3.Add(time.Duration(rng.IntN(int(3 * time.Hour))))
		clock = clock.Add(time.Duration(rng.IntN(int(3 * time.Hour))))
		n := rng.IntN(len(written) + 2)
		if written[n].IsZero() {
			written[n] = s3.Add(-time.Duration(rng.IntN(int(5 * aDay))))
		}
		fate := counts(t, l, at(n, written[n]), clock)
		if fates[fate]++; fate == "counted" && counted[n] {
			t.Fatalf("seed %d: object %d was counted twice", seed, n)
		}
		counted[n] = counted[n] || fate == "counted"
	}
	if fates["counted"] < 100 || fates["duplicate"] < 100 || fates["forgotten"] < 100 {
		t.Fatalf("got %v: too little of something was seen", fates)
	}
}

// TestIngestRefusesBeforeTheLedgerForgets holds two rooms together that do not know each other. A row lives at least to the end of its day and daysKept
// after it, and an object without one must be refused before.
func TestIngestRefusesBeforeTheLedgerForgets(t *testing.T) {
	if ledger, refused := daysKept*aDay, ingest.DefaultHorizon; refused > ledger-2*aDay {
		t.Errorf("the ingest refuses from %s on and the ledger forgets from %s on, want two days between them", refused, ledger)
	}
}

// schemaOne is a state directory as the first flowd left it, with so many objects.
func schemaOne(t *testing.T, objects int, committed time.Time) (dir string) {
	t.Helper()
	dir = t.TempDir()
	db, err := bbolt.Open(filepath.Join(dir, fileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		var errs []error
		put := func(bucket string, k, v []byte) {
			b, err := tx.CreateBucketIfNotExists([]byte(bucket))
			errs = append(errs, err, b.Put(k, v))
		}
		put("meta", []byte("schema"), []byte{0, 0, 0, 1})
		for n := range objects {
			row := id(n).row()
			put("objects", row[:], binary.BigEndian.AppendUint64(nil, uint64(committed.Unix())))
		}
		put("series", []byte{0, 0, 0, 3}, []byte("three"))
		put("pages", []byte{0, 0, 0, 7}, []byte("page"))
		return errors.Join(errs...)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// F64 ledger of an older version: it is brought to this one, with every object and every counter.
func TestF64_OlderSchemaIsMigrated(t *testing.T) {
	for name, c := range map[string]struct{ clock, committed, want time.Time }{
		"the rows get the day of the migration":                {now(), now().Add(-20 * aDay), now()},
		"or that of the last commit, when the clock is behind": {now().Add(-aYear), now(), now()},
	} {
		t.Run(name, func(t *testing.T) {
			dir := schemaOne(t, 1000, c.committed)
			if _, err := OpenReadOnly(dir); !errors.Is(err, ErrSchema) {
				t.Errorf("looking into it: got %v, want %v", err, ErrSchema)
			}
			for range 2 { // The second time there is nothing to do.
				l, err := Open(Config{Dir: dir, now: func() time.Time { return c.clock }})
				if err != nil {
					t.Fatal(err)
				}
				if got, want := l.Stats(), dayOf(c.want).begin(); got.Rows != 1000 || !got.Oldest.Equal(want) || !got.Horizon.IsZero() {
					t.Errorf("got %+v, want 1000 rows of %s", got, want)
				}
				got := ""
				note := func(n uint32, b []byte) error { got += fmt.Sprintf("%d=%s ", n, b); return nil }
				if err := errors.Join(l.Pages(note), l.Series(note)); err != nil || got != "7=page 3=three " {
					t.Errorf("got %q, %v", got, err)
				}
				var objects []Object
				for n := range 1000 {
					objects = append(objects, id(n))
				}
				if _, err := l.Commit(objects, c.clock, func(_ *Tx, fresh []int) error {
					if len(fresh) > 0 {
						t.Errorf("%d objects count again", len(fresh))
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				closed(t, l)
			}
		})
	}
}

// TestMigrationIsAllOrNothing looks at what a damaged older file is left as.
func TestMigrationIsAllOrNothing(t *testing.T) {
	dir := schemaOne(t, 10, now())
	db, err := bbolt.Open(filepath.Join(dir, fileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketObjects)).Put([]byte("short"), []byte("row"))
	}), db.Close()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(Config{Dir: dir})
	wantRefusal(t, err, ErrDamaged, dir)
	after, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil || string(after) != string(before) {
		t.Errorf("the file was changed: %v", err)
	}
}

// BenchmarkCounted looks up objects that are new, in a ledger of a whole month.
func BenchmarkCounted(b *testing.B) {
	l := open(b, "")
	defer closed(b, l)
	const perDay = 2000
	for d := range daysKept + 1 {
		var objects []Object
		for n := range perDay {
			objects = append(objects, at(perDay*d+n, now().Add(time.Duration(d)*aDay)))
		}
		if _, err := l.Commit(objects, now(), nothing); err != nil {
			b.Fatal(err)
		}
	}
	late := now().Add(daysKept * aDay)
	b.ReportAllocs()
	for n := -1; b.Loop(); n-- {
		if counted, err := l.Counted(at(n, late)); counted || err != nil {
			b.Fatalf("got %v, %v, want an object that is new", counted, err)
		}
	}
}
