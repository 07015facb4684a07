package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// full is the content of a ledger with some hundred objects, series and pages, and how much of it is in use.
func full(t *testing.T) (content []byte, used int) {
	t.Helper()
	l := open(t, t.TempDir())
	for n := range 10 {
		var ids []Object
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
	_, commit := l.Commit([]Object{id(1000)}, now(), func(tx *Tx, _ []int) error {
		return errors.Join(tx.PutPage(5, make([]byte, 1024)), tx.DeleteSeries(5))
	})
	return errors.Join(err, commit, l.Close())
}

// F63 ledger cut short: it is refused at the start, with its path and what to do.
func TestF63_CutLedgerIsRefused(t *testing.T) {
	content, used := full(t)
	for _, size := range []int{0, 1, 100, 4096, 8191, 8192, 3 * 4096, used / 2, used - 4096, used - 1} {
		dir := written(t, content[:size])
		_, err := Open(Config{Dir: dir})
		wantRefusal(t, err, ErrDamaged, dir, "on-corruption=recreate")
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

// F63 ledger damaged, with `--ledger.on-corruption=recreate`: the file is set aside, counting starts anew, and what was written before is left to the
// dead-letter queue, because it may have been counted.
func TestF63_DamagedLedgerIsSetAside(t *testing.T) {
	content, used := full(t)
	value := withChecksum(key(3), make([]byte, 64)) // A series, also where old pages still have it.
	flipped := bytes.ReplaceAll(content, value, append([]byte{0, 0, 4}, value[3:]...))
	for name, damaged := range map[string][]byte{
		"empty": nil, "cut to a stump": content[:100], "cut": content[:used/2], "something else": bytes.Repeat([]byte("line\n"), 10_000), "a bit flipped": flipped,
	} {
		t.Run(name, func(t *testing.T) {
			dir := written(t, damaged)
			if name != "a bit flipped" { // Without the flag the values are read later.
				_, err := Open(Config{Dir: dir})
				wantRefusal(t, err, ErrDamaged, "on-corruption=recreate")
			}
			l, err := Open(Config{Dir: dir, Recreate: true, now: now})
			if err != nil {
				t.Fatal(err)
			}
			aside := l.SetAside()
			if got, err := os.ReadFile(aside.Path); err != nil || !bytes.Equal(got, damaged) || !errors.Is(aside.Why, ErrDamaged) {
				t.Errorf("set aside as %q with %v: %v, want the damaged file and why", aside.Path, aside.Why, err)
			}
			wantRecreated(t, l)
			closed(t, l)
			again, err := Open(Config{Dir: dir, Recreate: true, now: now}) // A sound one stays.
			if err != nil || again.SetAside() != (SetAside{}) {
				t.Fatalf("opened again: got %v, %v", again.SetAside(), err)
			}
			defer closed(t, again)
			if got := again.Stats(); got.Rows != 1 || !got.Horizon.Equal(now()) {
				t.Errorf("opened again: got %+v, want one row, and the horizon", got)
			}
		})
	}
}

// wantRecreated counts what was written from now on, and nothing else.
func wantRecreated(t *testing.T, l *Ledger) {
	t.Helper()
	for _, c := range []struct {
		object Object
		want   string
	}{{at(1, now().Add(-time.Second)), "forgotten"}, {at(1, time.Time{}), "forgotten"}, {at(2, now()), "counted"}, {at(2, now()), "duplicate"}} {
		if got := counts(t, l, c.object, now()); got != c.want {
			t.Errorf("written at %s: got %s, want %s", c.object.Written, got, c.want)
		}
	}
}

// TestOnlyDamageIsSetAside opens what is locked, newer, or not to be read, with the flag.
func TestOnlyDamageIsSetAside(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	_, err := Open(Config{Dir: dir, Recreate: true})
	wantRefusal(t, err, ErrLocked, dir)
	setSchema(t, l, schemaVersion+1)
	closed(t, l)
	_, err = Open(Config{Dir: dir, Recreate: true})
	wantRefusal(t, err, ErrSchema, dir)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v, want the ledger and nothing else", entries, err)
	}
}

// TestDamageThatALookUpFindsIsTheEnd has a service that meets it while it runs: the next transaction ends the process, and the next start may recreate.
func TestDamageThatALookUpFindsIsTheEnd(t *testing.T) {
	l := open(t, t.TempDir())
	defer closed(t, l)
	l.giveUpIfDamaged(fmt.Errorf("looking up: %w", ErrDamaged))
	if _, err := l.Commit(nil, now(), nothing); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want %v", err, ErrDamaged)
	}
}

func TestWhatIsNotALedgerIsRefused(t *testing.T) {
	dir := written(t, bytes.Repeat([]byte("a line of something else\n"), 1000))
	_, err := Open(Config{Dir: dir})
	wantRefusal(t, err, ErrDamaged, dir, "on-corruption=recreate")
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
			if _, err := l.Commit([]Object{id(n)}, now(), func(tx *Tx, _ []int) error { return tx.PutPage(uint32(n), make([]byte, 100_000)) }); err != nil {
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
