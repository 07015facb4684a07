package ledger

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// killedVariable makes the test binary the process that is killed; it is the state directory.
const killedVariable = "FLOWD_TEST_COUNT_IN"

// worth is what an object adds to the counter: no sum of a few others.
func worth(n int) uint64 { return uint64(n)*uint64(n) + 1 }

// tally is the totals of that process: one counter, copied for each transaction as the real ones are.
type tally struct{ published uint64 }

func (y *tally) stage(fresh []int, tx *Tx) (func(), error) {
	staged := y.published
	for _, n := range fresh {
		staged += worth(n)
	}
	return func() { y.published = staged }, tx.PutPage(0, binary.BigEndian.AppendUint64(nil, staged))
}

func (y *tally) load(l *Ledger) error {
	return l.Pages(func(_ uint32, b []byte) error { y.published = binary.BigEndian.Uint64(b); return nil })
}

// redelivered is how many of the last objects come again in the next process.
const redelivered = 40

// countUntilKilled commits object after object, and says on standard output which are counted. It does not return.
func countUntilKilled(dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
	}
	l, err := Open(Config{Dir: dir})
	fail(err)
	y := new(tally)
	fail(y.load(l))
	c := NewCommitter(l, y.stage, CommitterOptions{})
	go func() { fail(c.Run(context.Background())) }()
	first := 0
	for known := true; known; first++ {
		known, err = l.Counted(id(first))
		fail(err)
	}
	const atOnce = 3
	for n := max(0, first-redelivered); ; n += atOnce {
		var outcomes []<-chan Outcome
		for i := range atOnce {
			outcomes = append(outcomes, c.Commit(context.Background(), id(n+i), n+i))
		}
		for i, o := range outcomes {
			outcome := <-o
			fail(outcome.Err)
			fmt.Fprintln(os.Stdout, n+i, outcome.Duplicate)
		}
	}
}

// F59 kill -9 at any instant: every object that was told to be counted is counted, and each that is known is in the totals once.
func TestF59_KillsLoseAndRepeatNothing(t *testing.T) {
	const kills = 50
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, seed))
	dir, told, duplicates := t.TempDir(), 0, 0
	for range kills {
		most, again := countAndKill(t, dir, 1+rng.IntN(120), rng.IntN(3000))
		told, duplicates = max(told, most+1), duplicates+again
		l := open(t, dir)
		y, want, known := new(tally), uint64(0), 0
		if err := y.load(l); err != nil {
			t.Fatal(err)
		}
		for n := range told + 1000 {
			if counted, err := l.Counted(id(n)); err != nil {
				t.Fatal(err)
			} else if counted {
				want, known = want+worth(n), known+1
			}
		}
		if y.published != want || known < told || l.Stats().Rows != uint64(known) {
			t.Fatalf("seed %d: %d objects were told to be counted, %d are known, %d rows; the counter is %d, want %d",
				seed, told, known, l.Stats().Rows, y.published, want)
		}
		closed(t, l)
	}
	if told < kills || duplicates < kills {
		t.Errorf("%d kills, %d objects, %d duplicates: too little", kills, told, duplicates)
	}
	t.Logf("%d kills, %d objects, %d duplicates", kills, told, duplicates)
}

// countAndKill runs a process until it has said so many lines, and a moment longer.
func countAndKill(t *testing.T, dir string, lines, moment int) (most, duplicates int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd, stderr := exec.CommandContext(t.Context(), self), new(strings.Builder)
	cmd.Env, cmd.Stderr = append(os.Environ(), killedVariable+"="+dir), stderr
	out, err := cmd.StdoutPipe()
	if err := errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	says := bufio.NewScanner(out)
	for n := 0; says.Scan(); n++ {
		var object int
		var duplicate bool
		if _, err := fmt.Sscan(says.Text(), &object, &duplicate); err != nil {
			break // The last line may be cut.
		}
		if most = max(most, object); duplicate {
			duplicates++
		}
		if n == lines {
			for range moment {
				runtime.Gosched()
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.Exited() {
		t.Fatalf("it ended by itself: %v: %s", err, stderr)
	}
	return most, duplicates
}
