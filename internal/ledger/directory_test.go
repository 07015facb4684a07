package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestT14_StateIsPrivate wants a directory that nobody else may change, and a file that nobody else may read.
func TestT14_StateIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such permissions")
	}
	for mode, refused := range map[os.FileMode]bool{0o700: false, 0o755: false, 0o770: true, 0o775: true, 0o702: true, 0o777: true, 0o777 | os.ModeSticky: true} {
		dir := filepath.Join(t.TempDir(), "state")
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, mode)); err != nil {
			t.Fatal(err)
		}
		l, err := Open(Config{Dir: dir})
		if refused != (err != nil) {
			t.Errorf("mode %v: got %v, want a refusal: %v", mode, err, refused)
		}
		if err != nil {
			wantRefusal(t, err, err, dir, "chmod go-w")
			wantEmpty(t, dir)
			continue
		}
		closed(t, l)
		if err := os.Chmod(l.path, 0o666); err != nil {
			t.Fatal(err)
		}
		closed(t, open(t, dir))
		if info, err := os.Stat(l.path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("a file that others may write, opened: got %v, %v, want mode 0600", info.Mode(), err)
		}
	}
}

// TestT14_LinksAreNotFollowed puts a link into the place of the ledger, and of the file that becomes one.
func TestT14_LinksAreNotFollowed(t *testing.T) {
	if noFollow == 0 {
		t.Skip("this system cannot refuse links")
	}
	elsewhere := open(t, t.TempDir())
	closed(t, elsewhere)
	before, err := os.ReadFile(elsewhere.path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(elsewhere.path, filepath.Join(dir, fileName)); err != nil {
		t.Fatal(err)
	}
	_, err = Open(Config{Dir: dir})
	wantRefusal(t, err, err, dir, "symbolic link")
	_, err = OpenReadOnly(dir)
	wantRefusal(t, err, err, dir, "symbolic link")
	fresh := t.TempDir()
	if err := os.Symlink(elsewhere.path, filepath.Join(fresh, newName)); err != nil {
		t.Fatal(err)
	}
	closed(t, open(t, fresh))
	if after, err := os.ReadFile(elsewhere.path); err != nil || string(after) != string(before) {
		t.Errorf("the file behind the links was changed: %v", err)
	}
}

// F66 state on a network file system: flowd does not start without a flag, because locks and syncs may not hold there.
func TestF66_NetworkFileSystemIsRefused(t *testing.T) {
	dir := t.TempDir()
	nfs := func(string) (string, bool) { return "NFS", true }
	_, err := Open(Config{Dir: dir, networkFS: nfs})
	wantRefusal(t, err, err, dir, "NFS", "--ledger.allow-network-fs")
	wantEmpty(t, dir)
	l, err := Open(Config{Dir: dir, networkFS: nfs, AllowNetworkFS: true})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, l)
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%s: got %v, %v, want nothing in it", dir, entries, err)
	}
}

// TestAHalfMadeLedgerIsMadeAgain finds what a process left that was killed while it created the ledger.
func TestAHalfMadeLedgerIsMadeAgain(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, newName), []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	closed(t, open(t, dir))
	if _, err := os.Stat(filepath.Join(dir, newName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want the half gone", err)
	}
}

// F65 two processes that find no ledger, or a damaged one, at the same moment: only the one that has the directory creates or sets aside.
func TestF65_TheDirectoryIsTakenFirst(t *testing.T) {
	if noFollow == 0 {
		t.Skip("this system cannot lock a directory")
	}
	dir := t.TempDir()
	unlock, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(Config{Dir: dir})
	wantRefusal(t, err, ErrLocked, dir, "--state.dir")
	wantEmpty(t, dir)
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	closed(t, open(t, dir))
}
