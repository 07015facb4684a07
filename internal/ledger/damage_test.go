package ledger

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.etcd.io/bbolt"
)

// full is the content of a ledger with some hundred objects, series and pages, and how much of it is in use.
func full(t *testing.T) (content []byte, used int) {
	t.Helper()
	l := open(t, t.TempDir())
	for n := range 10 {
		var ids []Identity
		for i := range 50 {
			ids = append(ids, id(50*n+i))
		}
		if _, err := l.Commit(ids, now(), func(tx *Tx, _ []int) error {
			return errors.Join(tx.PutPage(uint32(n), make([]byte, 1024)), tx.PutSeries(uint32(n), make([]byte, 64)))
		}); err != nil {
			t.Fatal(err)
		}
	}
	used = size(t, l)
	closed(t, l)
	content, err := os.ReadFile(l.path)
	if err != nil {
		t.Fatal(err)
	}
	return content, used
}

func size(t *testing.T, l *Ledger) (used int) {
	t.Helper()
	if err := l.db.View(func(tx *bbolt.Tx) error { used = int(tx.Size()); return nil }); err != nil {
		t.Fatal(err)
	}
	return used
}

// written is a state directory whose ledger has this content.
func written(t *testing.T, content []byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// useAll does everything that can be done with a ledger, and returns what went wrong.
func useAll(dir string) error {
	l, err := Open(Config{Dir: dir})
	if err != nil {
		return err
	}
	ignore := func(uint32, []byte) error { return nil }
	err = errors.Join(l.Series(ignore), l.Pages(ignore))
	for n := range 500 {
		_, lookup := l.Counted(id(n))
		err = errors.Join(err, lookup)
	}
	_, commit := l.Commit([]Identity{id(1000)}, now(), func(tx *Tx, _ []int) error {
		return errors.Join(tx.PutPage(5, make([]byte, 1024)), tx.DeleteSeries(5))
	})
	return errors.Join(err, commit, l.Close())
}

// F63 ledger cut short: it is refused at the start, with its path and what to do.
func TestF63_CutLedgerIsRefused(t *testing.T) {
	content, used := full(t)
	for _, size := range []int{1, 100, 4096, 8191, 8192, 3 * 4096, used / 2, used - 4096, used - 1} {
		dir := written(t, content[:size])
		_, err := Open(Config{Dir: dir})
		wantRefusal(t, err, ErrDamaged, dir, "move the file away")
	}
	if err := useAll(written(t, content[:used])); err != nil {
		t.Errorf("cut where nothing is in use: got %v, want no error", err)
	}
}

// F63 ledger damaged: whatever is in a page, the process lives to say so.
func TestF63_OverwrittenPagesAreNoPanic(t *testing.T) {
	const pageSize = 4096
	content, used := full(t)
	found, pages := 0, used/pageSize
	for page := range pages {
		damaged := slices.Clone(content)
		for i := range pageSize {
			damaged[page*pageSize+i] = byte(0x5a + i%7)
		}
		if err := useAll(written(t, damaged)); errors.Is(err, ErrDamaged) {
			found++
		}
	}
	if pages < 10 || found < 5 {
		t.Fatalf("of %d overwritten pages %d were found: the test saw too little", pages, found)
	}
}

func TestWhatIsNotALedgerIsRefused(t *testing.T) {
	dir := written(t, bytes.Repeat([]byte("a line of something else\n"), 1000))
	_, err := Open(Config{Dir: dir})
	wantRefusal(t, err, ErrDamaged, dir, "move the file away")
	if _, err = Open(Config{Dir: filepath.Join(dir, fileName)}); err == nil {
		t.Error("a file in the place of the state directory was taken")
	}
}

// TestMemoryLeavesNothingBehind looks for the file while the ledger is open, as after a kill, and does without a place for temporary files.
func TestMemoryLeavesNothingBehind(t *testing.T) {
	for _, tmp := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		t.Setenv("TMPDIR", tmp)
		l := open(t, "")
		if l.Durable() {
			t.Error("state in memory calls itself durable")
		}
		for n := range 50 { // Enough for the file to grow without its name.
			if _, err := l.Commit([]Identity{id(n)}, now(), func(tx *Tx, _ []int) error { return tx.PutPage(uint32(n), make([]byte, 100_000)) }); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(l.path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("while it is open: got %v, want a file without a name", err)
		}
		closed(t, l)
	}
}

// TestFileDoesNotGrowWithTransactions changes the same pages again and again.
func TestFileDoesNotGrowWithTransactions(t *testing.T) {
	l := open(t, "")
	defer closed(t, l)
	var sizes []int
	for n := range 400 {
		if _, err := l.Commit(nil, now(), func(tx *Tx, _ []int) error {
			return errors.Join(tx.PutPage(uint32(n%20), make([]byte, 1024)), tx.PutSeries(uint32(n%20), make([]byte, 64)))
		}); err != nil {
			t.Fatal(err)
		}
		if n%100 == 99 {
			sizes = append(sizes, size(t, l))
		}
	}
	if len(sizes) != 4 || sizes[3] > 2*sizes[0] { // Twice, because a page is free only some transactions later.
		t.Errorf("got sizes %v after each hundred transactions, want about what the first needed", sizes)
	}
}
