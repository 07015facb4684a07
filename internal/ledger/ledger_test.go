package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killedVariable); dir != "" {
		countUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, dir string) *Ledger {
	t.Helper()
	l, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closed(t testing.TB, l *Ledger) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// id is an object that was written now.
func id(n int) Object { return at(n, now()) }

func at(n int, written time.Time) Object {
	return Object{Identity{"bucket", fmt.Sprintf("key-%d", n), "etag"}, written}
}

func now() time.Time { return time.Unix(1_800_000_000, 0) }

func nothing(*Tx, []int) error { return nil }

func TestCommitKnowsDuplicates(t *testing.T) {
	for _, dir := range []string{t.TempDir(), ""} {
		l := open(t, dir)
		if got := l.Durable(); got != (dir != "") {
			t.Errorf("durable: got %v in %q", got, dir)
		}
		if _, err := l.Commit([]Object{id(1)}, now(), nothing); err != nil {
			t.Fatal(err)
		}
		var fresh []int
		outcomes, err := l.Commit([]Object{id(1), id(2), id(2)}, now(), func(_ *Tx, f []int) error { fresh = f; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(outcomes, fresh), "[{true <nil>} {false <nil>} {true <nil>}] [1]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		closed(t, l)
	}
}

func TestIdentityIsBucketKeyAndETag(t *testing.T) {
	l := open(t, t.TempDir())
	defer closed(t, l)
	if _, err := l.Commit([]Object{{Identity{"b", "k", "e"}, now()}}, now(), nothing); err != nil {
		t.Fatal(err)
	}
	for other, want := range map[Identity]bool{{"b", "k", "e"}: true, {"b", "k", "f"}: false, {"b", "l", "e"}: false, {"c", "k", "e"}: false, {"bk", "", "e"}: false} {
		if got, err := l.Counted(Object{other, now()}); err != nil || got != want {
			t.Errorf("%v: got %v, %v, want %v", other, got, err, want)
		}
	}
}

func TestFailedCommitLeavesNothing(t *testing.T) {
	l := open(t, t.TempDir())
	defer closed(t, l)
	failure := errors.New("stage failed")
	_, err := l.Commit([]Object{id(1)}, now(), func(tx *Tx, _ []int) error {
		return errors.Join(tx.PutPage(0, []byte("page")), tx.PutSeries(0, []byte("series")), failure)
	})
	if !errors.Is(err, failure) {
		t.Fatalf("got %v, want %v", err, failure)
	}
	if got, _ := l.Counted(id(1)); got {
		t.Error("the object of a failed commit is counted")
	}
	unexpected := func(n uint32, _ []byte) error { return fmt.Errorf("number %d is stored", n) }
	if err := errors.Join(l.Series(unexpected), l.Pages(unexpected)); err != nil {
		t.Error(err)
	}
}

func TestRestartContinues(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if _, err := l.Commit([]Object{id(1)}, now(), func(tx *Tx, _ []int) error {
		return errors.Join(tx.PutPage(7, []byte("page")), tx.PutSeries(3, []byte("three")), tx.PutSeries(4, []byte("four")), tx.DeleteSeries(4))
	}); err != nil {
		t.Fatal(err)
	}
	closed(t, l)
	l = open(t, dir)
	defer closed(t, l)
	got := ""
	note := func(n uint32, b []byte) error { got += fmt.Sprintf("%d=%s ", n, b); return nil }
	if err := errors.Join(l.Pages(note), l.Series(note)); err != nil {
		t.Fatal(err)
	}
	if want := "7=page 3=three "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if counted, _ := l.Counted(id(1)); !counted {
		t.Error("the object is not counted any more")
	}
}

// F65 two processes with one ledger: the second does not start.
func TestF65_SecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	defer closed(t, open(t, dir))
	_, err := Open(Config{Dir: dir})
	wantRefusal(t, err, ErrLocked, dir, "--state.dir")
}

// F64 ledger of a newer version: it is refused, and the error says which flowd to run.
func TestF64_OtherSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	setSchema(t, l, schemaVersion+1)
	closed(t, l)
	_, err := Open(Config{Dir: dir})
	wantRefusal(t, err, ErrSchema, dir, "--state.dir")
}

func setSchema(t *testing.T, l *Ledger, version uint32) {
	t.Helper()
	if err := l.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaSchema), key(version)) }); err != nil {
		t.Fatal(err)
	}
}

func TestClosedLedgerHasNoDoubts(t *testing.T) {
	l := open(t, t.TempDir())
	closed(t, l)
	if _, err := l.Commit([]Object{id(1)}, now(), nothing); err == nil || errors.Is(err, ErrUncertain) || errors.Is(err, ErrDamaged) {
		t.Errorf("a commit: got %v, want an error that says that nothing was written", err)
	}
	if _, err := l.Counted(id(1)); err == nil || !strings.Contains(err.Error(), "s3://bucket/key-1") {
		t.Errorf("a look-up: got %v, want an error with the object", err)
	}
}

// wantRefusal wants an error that is what it is, and names the file and what to do.
func wantRefusal(t *testing.T, got, want error, texts ...string) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for _, text := range texts {
		if !strings.Contains(got.Error(), text) {
			t.Errorf("the error does not say %q: %v", text, got)
		}
	}
}

func TestStateIsPrivate(t *testing.T) {
	above := filepath.Join(t.TempDir(), "above")
	dir := filepath.Join(above, "state")
	defer closed(t, open(t, dir))
	for path, want := range map[string]os.FileMode{above: 0o700, dir: 0o700, filepath.Join(dir, fileName): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: got mode %o, want %o", filepath.Base(path), got, want)
		}
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, pages := range []int{1, 50, 1000} {
		b.Run(fmt.Sprintf("pages=%d", pages), func(b *testing.B) {
			l := open(b, b.TempDir())
			defer closed(b, l)
			content, n := make([]byte, 1024), 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				if _, err := l.Commit([]Object{id(n)}, now(), func(tx *Tx, _ []int) error {
					var err error
					for p := range pages {
						err = errors.Join(err, tx.PutPage(uint32(p), content))
					}
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
