package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"
)

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
	outcome := <-c.Commit(t.Context(), id(1), 1)
	j.note("answer")
	if outcome != (Outcome{}) {
		t.Errorf("got %+v, want a counted object", outcome)
	}
	if got, want := fmt.Sprint(j.lines), "[publish 1 durable=true answer]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if outcome = <-c.Commit(t.Context(), id(1), 1); !outcome.Duplicate {
		t.Errorf("the second time: got %+v, want a duplicate", outcome)
	}
}

func TestFailedCommitPublishesNothing(t *testing.T) {
	l, j := open(t, t.TempDir()), &journal{fail: errors.New("stage failed")}
	defer closed(t, l)
	var heard error
	c := NewCommitter(l, j.stage(l), CommitterOptions{OnCommit: func(_ time.Duration, err error) { heard = err }})
	first, second := c.Commit(t.Context(), id(1), 1), c.Commit(t.Context(), id(2), 2)
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
		outcomes = append(outcomes, c.Commit(t.Context(), id(n%9), n)) // The last is a duplicate of the first.
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
	synctest.Test(t, func(t *testing.T) { // One that waits for ever is a deadlock.
		l, j := open(t, t.TempDir()), &journal{}
		defer closed(t, l)
		c := NewCommitter(l, j.stage(l), CommitterOptions{})
		queued := c.Commit(t.Context(), id(1), 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if got := <-queued; got != (Outcome{}) {
			t.Errorf("queued before the stop: got %+v, want counted", got)
		}
		if got := <-c.Commit(t.Context(), id(2), 2); !errors.Is(got.Err, ErrClosed) {
			t.Errorf("after the stop: got %+v, want %v", got, ErrClosed)
		}
	})
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

// TestEveryCommitIsAnswered has callers that commit while the committer stops. In the bubble of synctest, one that waits for ever is a deadlock.
func TestEveryCommitIsAnswered(t *testing.T) {
	l := open(t, "")
	defer closed(t, l)
	counted, refused := 0, 0
	for range 3000 {
		synctest.Test(t, func(t *testing.T) {
			c := NewCommitter(l, func([]int, *Tx) (func(), error) { return func() {}, nil }, CommitterOptions{})
			outcomes := make(chan Outcome)
			const callers = 8
			for n := range callers {
				go func() {
					outcome := Outcome{}
					for outcome.Err == nil {
						outcome = <-c.Commit(t.Context(), id(n), n)
						outcomes <- outcome
					}
				}()
			}
			stop := runCommitter(t, c)
			go stop()
			for left := callers; left > 0; counted++ {
				if o := <-outcomes; errors.Is(o.Err, ErrClosed) {
					refused++
					left--
				} else if o.Err != nil {
					t.Fatal(o.Err)
				}
			}
		})
	}
	if counted <= refused || refused == 0 {
		t.Fatalf("%d answers, %d of them refusals: too little was seen", counted, refused)
	}
}

func TestGroupsAreBounded(t *testing.T) {
	l, j := open(t, ""), &journal{}
	defer closed(t, l)
	c := NewCommitter(l, j.stage(l), CommitterOptions{})
	const n = 4 * maxGroup
	outcomes := make(chan (<-chan Outcome))
	for i := range n {
		go func() { outcomes <- c.Commit(t.Context(), id(i), i) }()
	}
	stop := runCommitter(t, c)
	for range n {
		if got := <-<-outcomes; got != (Outcome{}) {
			t.Errorf("got %+v, want a counted object", got)
		}
	}
	stop()
	total := 0
	for _, size := range j.sizes {
		if total += size; size > maxGroup {
			t.Errorf("got a transaction of %d, want at most %d", size, maxGroup)
		}
	}
	if total != n {
		t.Errorf("got %d objects in transactions, want %d", total, n)
	}
}

func TestPanicInAStageCostsItsGroupAndNothingElse(t *testing.T) {
	l, j := open(t, ""), &journal{}
	defer closed(t, l)
	stage := j.stage(l)
	c := NewCommitter(l, func(fresh []int, tx *Tx) (func(), error) {
		if slices.Contains(fresh, 13) {
			if err := tx.PutPage(0, []byte("half of it")); err != nil {
				t.Error(err)
			}
			panic("a bug in the totals")
		}
		return stage(fresh, tx)
	}, CommitterOptions{})
	defer runCommitter(t, c)()
	got := <-c.Commit(t.Context(), id(13), 13)
	if got.Err == nil || !strings.Contains(got.Err.Error(), "a bug in the totals") || !strings.Contains(got.Err.Error(), "committer_test.go") {
		t.Errorf("got %+v, want an error with the panic and where it was", got)
	}
	if counted, _ := l.Counted(id(13)); counted {
		t.Error("the object is counted")
	}
	if err := l.Pages(func(n uint32, _ []byte) error { return fmt.Errorf("page %d is stored", n) }); err != nil {
		t.Error(err)
	}
	if got := <-c.Commit(t.Context(), id(14), 14); got != (Outcome{}) {
		t.Errorf("the object after it: got %+v, want counted", got)
	}
}

// TestHungDiskDoesNotHoldWhoWantsToStop fills the queue behind a disk that does not answer. A drain that ends is a cancelled context.
func TestHungDiskDoesNotHoldWhoWantsToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // One that waits for ever is a deadlock.
		l, j := open(t, ""), &journal{}
		defer closed(t, l)
		update, hung, answers := l.update, make(chan struct{}), make(chan struct{})
		l.update = func(f func(*bbolt.Tx) error) error {
			hung <- struct{}{}
			<-answers
			l.update = update
			return update(f)
		}
		c := NewCommitter(l, j.stage(l), CommitterOptions{})
		defer runCommitter(t, c)()
		outcomes := []<-chan Outcome{c.Commit(t.Context(), id(0), 0)}
		<-hung
		for n := range maxGroup {
			outcomes = append(outcomes, c.Commit(t.Context(), id(1+n), 1+n))
		}
		work, cancel := context.WithCancel(t.Context())
		late := make(chan (<-chan Outcome))
		go func() { late <- c.Commit(work, id(99), 99) }()
		synctest.Wait()
		select {
		case <-late:
			t.Fatal("a batch was queued although the queue is full")
		default:
		}
		cancel()
		if got := <-<-late; !errors.Is(got.Err, context.Canceled) {
			t.Errorf("got %+v, want %v", got, context.Canceled)
		}
		close(answers)
		for n, o := range outcomes {
			if got := <-o; got != (Outcome{}) {
				t.Errorf("object %d, queued before: got %+v, want counted", n, got)
			}
		}
		if counted, err := l.Counted(id(99)); counted || err != nil {
			t.Errorf("the one that was given up: got %v, %v, want not counted", counted, err)
		}
	})
}

// F62 I/O error while a transaction is synced: nobody knows what the disk has, so nothing more is committed, the process ends, and the next one reads
// what is there.
func TestF62_UncertainTransactionIsTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // One that waits for ever is a deadlock.
		dir := t.TempDir()
		l, j := open(t, dir), &journal{}
		update := l.update
		l.update = func(f func(*bbolt.Tx) error) error { return errors.Join(update(f), syscall.EIO) }
		c := NewCommitter(l, j.stage(l), CommitterOptions{})
		done := make(chan error)
		go func() { done <- c.Run(t.Context()) }()
		if got := <-c.Commit(t.Context(), id(1), 1); !errors.Is(got.Err, ErrUncertain) || !errors.Is(got.Err, syscall.EIO) || got.Duplicate {
			t.Errorf("got %+v, want %v and the error of the disk", got, ErrUncertain)
		}
		wantRefusal(t, <-done, ErrUncertain, dir, "start flowd again")
		if len(j.lines) != 0 {
			t.Errorf("got %v published, want nothing", j.lines)
		}
		l.update = update // A disk that recovers does not make the state of this process right.
		if _, err := l.Commit([]Object{id(2)}, now(), nothing); !errors.Is(err, ErrUncertain) {
			t.Errorf("the next transaction: got %v, want %v", err, ErrUncertain)
		}
		if got := <-c.Commit(t.Context(), id(3), 3); !errors.Is(got.Err, ErrClosed) {
			t.Errorf("the next commit: got %+v, want %v", got, ErrClosed)
		}
		closed(t, l)
		l = open(t, dir)
		defer closed(t, l)
		if counted, _ := l.Counted(id(1)); !counted {
			t.Error("the next process does not see what the disk has")
		}
	})
}

// TestT18_FullLedgerDropsNothing reaches the limit: nothing more is counted and nothing is forgotten for it, until a day is dropped.
func TestT18_FullLedgerDropsNothing(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(Config{Dir: dir, MaxObjects: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, l)
	old := now().Truncate(aDay)
	late := old.Add(40 * aDay)
	for n := range 9 {
		counts(t, l, at(n, old), old)
	}
	counts(t, l, at(9, late), old)
	group := []Object{at(10, late), at(11, late)}
	_, err = l.Commit(group, old, func(*Tx, []int) error { t.Error("something was staged"); return nil })
	wantRefusal(t, err, ErrFull, dir, "--ledger.max-objects", "10 of 10")
	for n := range 9 {
		if got := counts(t, l, at(n, old), old); got != "duplicate" { // Which takes no room.
			t.Errorf("object %d: got %s, want duplicate", n, got)
		}
	}
	l.limit = 5 // As after a restart with less.
	if _, err := l.Commit(nil, old, nothing); err != nil {
		t.Errorf("housekeeping above the limit: got %v, want no error", err)
	}
	l.limit = 10
	if _, err := l.Commit(nil, late, nothing); err != nil { // Housekeeping drops the old day.
		t.Fatal(err)
	}
	if got, err := l.Commit(group, late, nothing); err != nil || got[0] != (Outcome{}) || got[1] != (Outcome{}) {
		t.Errorf("with room again: got %v, %v, want counted", got, err)
	}
}

// F61 disk full: the commit fails, nothing of it is counted or shown, and counting goes on by itself when there is space.
func TestF61_FullDiskIsNotTheEnd(t *testing.T) {
	dir := t.TempDir()
	l, j := open(t, dir), &journal{}
	defer closed(t, l)
	update := l.update
	l.update = func(f func(*bbolt.Tx) error) error {
		l.update = update
		return update(func(tx *bbolt.Tx) error {
			return errors.Join(f(tx), &os.PathError{Op: "write", Path: dir, Err: syscall.ENOSPC})
		})
	}
	c := NewCommitter(l, j.stage(l), CommitterOptions{})
	defer runCommitter(t, c)()
	first := <-c.Commit(t.Context(), id(1), 1)
	wantRefusal(t, first.Err, syscall.ENOSPC, dir, "when there is space")
	if got := <-c.Commit(t.Context(), id(1), 1); got != (Outcome{}) {
		t.Errorf("with space again: got %+v, want counted", got)
	}
}
