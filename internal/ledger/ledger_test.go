package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func id(n int) Identity { return Identity{"bucket", fmt.Sprintf("key-%d", n), "etag"} }

func now() time.Time { return time.Unix(1_800_000_000, 0) }

func nothing(*Tx, []int) error { return nil }

func TestCommitKnowsDuplicates(t *testing.T) {
	for _, dir := range []string{t.TempDir(), ""} {
		l := open(t, dir)
		if got := l.Durable(); got != (dir != "") {
			t.Errorf("durable: got %v in %q", got, dir)
		}
		if _, err := l.Commit([]Identity{id(1)}, now(), nothing); err != nil {
			t.Fatal(err)
		}
		var fresh []int
		duplicate, err := l.Commit([]Identity{id(1), id(2), id(2)}, now(), func(_ *Tx, f []int) error { fresh = f; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(duplicate, fresh), "[true false true] [1]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		closed(t, l)
	}
}

func TestIdentityIsBucketKeyAndETag(t *testing.T) {
	l := open(t, t.TempDir())
	defer closed(t, l)
	if _, err := l.Commit([]Identity{{"b", "k", "e"}}, now(), nothing); err != nil {
		t.Fatal(err)
	}
	for other, want := range map[Identity]bool{{"b", "k", "e"}: true, {"b", "k", "f"}: false, {"b", "l", "e"}: false, {"c", "k", "e"}: false, {"bk", "", "e"}: false} {
		if got, err := l.Counted(other); err != nil || got != want {
			t.Errorf("%v: got %v, %v, want %v", other, got, err, want)
		}
	}
}

func TestFailedCommitLeavesNothing(t *testing.T) {
	l := open(t, t.TempDir())
	defer closed(t, l)
	failure := errors.New("stage failed")
	_, err := l.Commit([]Identity{id(1)}, now(), func(tx *Tx, _ []int) error {
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
	if _, err := l.Commit([]Identity{id(1)}, now(), func(tx *Tx, _ []int) error {
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

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	defer closed(t, open(t, dir))
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want %v", err, ErrLocked)
	}
}

func TestOtherSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	tx, err := l.db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tx.Bucket([]byte(bucketMeta)).Put([]byte("schema"), []byte{0, 0, 0, 9}), tx.Commit()); err != nil {
		t.Fatal(err)
	}
	closed(t, l)
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrSchema) {
		t.Errorf("got %v, want %v", err, ErrSchema)
	}
}

func TestStateIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	defer closed(t, open(t, dir))
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, fileName): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: got mode %o, want %o", filepath.Base(path), got, want)
		}
	}
}

// journal records the order of what a committer does.
type journal struct {
	mu    sync.Mutex
	lines []string
	sizes []int
	fail  error
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) stage(l *Ledger) StageFunc[int] {
	return func(fresh []int, _ *Tx) (func(), error) {
		j.mu.Lock()
		j.sizes = append(j.sizes, len(fresh))
		j.mu.Unlock()
		return func() {
			for _, n := range fresh {
				counted, _ := l.Counted(id(n)) // Only what is committed is seen from outside.
				j.note(fmt.Sprintf("publish %d durable=%v", n, counted))
			}
		}, j.fail
	}
}

func runCommitter(t *testing.T, c *Committer[int]) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestPublishComesAfterTheTransactionAndBeforeTheAnswer(t *testing.T) {
	l, j := open(t, t.TempDir()), &journal{}
	defer closed(t, l)
	c := NewCommitter(l, j.stage(l), CommitterOptions{})
	defer runCommitter(t, c)()
	outcome := <-c.Commit(id(1), 1)
	j.note("answer")
	if outcome != (Outcome{}) {
		t.Errorf("got %+v, want a counted object", outcome)
	}
	if got, want := fmt.Sprint(j.lines), "[publish 1 durable=true answer]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if outcome = <-c.Commit(id(1), 1); !outcome.Duplicate {
		t.Errorf("the second time: got %+v, want a duplicate", outcome)
	}
}

func TestFailedCommitPublishesNothing(t *testing.T) {
	l, j := open(t, t.TempDir()), &journal{fail: errors.New("stage failed")}
	defer closed(t, l)
	var heard error
	c := NewCommitter(l, j.stage(l), CommitterOptions{OnCommit: func(_ time.Duration, err error) { heard = err }})
	first, second := c.Commit(id(1), 1), c.Commit(id(2), 2)
	stop := runCommitter(t, c)
	for _, outcome := range []Outcome{<-first, <-second} {
		if !errors.Is(outcome.Err, j.fail) || outcome.Duplicate {
			t.Errorf("got %+v, want the error of the stage", outcome)
		}
	}
	stop()
	if len(j.lines) != 0 || !errors.Is(heard, j.fail) {
		t.Errorf("published %v, heard %v", j.lines, heard)
	}
}

func TestWhatQueuedBecomesOneTransaction(t *testing.T) {
	l, j := open(t, t.TempDir()), &journal{}
	defer closed(t, l)
	c := NewCommitter(l, j.stage(l), CommitterOptions{})
	var outcomes []<-chan Outcome
	for n := range 10 {
		outcomes = append(outcomes, c.Commit(id(n%9), n)) // The last is a duplicate of the first.
	}
	stop := runCommitter(t, c)
	duplicates := 0
	for _, o := range outcomes {
		if (<-o).Duplicate {
			duplicates++
		}
	}
	stop()
	if fmt.Sprint(j.sizes) != "[9]" || duplicates != 1 {
		t.Errorf("got transactions of %v and %d duplicates, want one of 9 and 1", j.sizes, duplicates)
	}
}

func TestStopCommitsWhatIsQueuedAndRefusesTheRest(t *testing.T) {
	l, j := open(t, t.TempDir()), &journal{}
	defer closed(t, l)
	c := NewCommitter(l, j.stage(l), CommitterOptions{})
	queued := c.Commit(id(1), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := <-queued; got != (Outcome{}) {
		t.Errorf("queued before the stop: got %+v, want counted", got)
	}
	if got := <-c.Commit(id(2), 2); !errors.Is(got.Err, ErrClosed) {
		t.Errorf("after the stop: got %+v, want %v", got, ErrClosed)
	}
}

func TestWakeIsATransactionWithoutObjects(t *testing.T) {
	l, j := open(t, t.TempDir()), &journal{}
	defer closed(t, l)
	committed := make(chan struct{}, 1)
	c := NewCommitter(l, j.stage(l), CommitterOptions{OnCommit: func(time.Duration, error) { committed <- struct{}{} }})
	c.Wake()
	c.Wake()
	stop := runCommitter(t, c)
	<-committed
	stop()
	if fmt.Sprint(j.sizes) != "[0]" {
		t.Errorf("got transactions of %v, want one of 0", j.sizes)
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
				if _, err := l.Commit([]Identity{id(n)}, now(), func(tx *Tx, _ []int) error {
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
