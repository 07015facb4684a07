package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bolterrors "go.etcd.io/bbolt/errors"
)

// fileName is the ledger's file in the state directory, and newName what it is called until it is whole.
const (
	fileName = "ledger.db"
	newName  = fileName + ".new"
)

// lockTimeout is how long opening waits for another process to let go.
const lockTimeout = time.Second

// Config says where the ledger is, and what it may do.
type Config struct {
	// Dir is created if it is missing. Empty keeps everything in memory: at least once, and from zero after a restart.
	Dir string
	// MaxObjects is how many rows the ledger may have; further objects fail with [ErrFull]. 0 is no limit.
	MaxObjects uint64
	// Recreate sets a damaged file aside and begins a new one, with the horizon at the time of the opening. It looks at the whole file.
	Recreate bool
	// AllowNetworkFS opens a ledger on a file system whose locks and syncs depend on another machine.
	AllowNetworkFS bool

	now       func() time.Time                             // Of this machine; tests have other clocks.
	networkFS func(dir string) (name string, network bool) // Tests have other file systems.
}

// SetAside is what Recreate did. Its zero value says that there was nothing to do.
type SetAside struct {
	Path string // Of the damaged file, now.
	Why  error
}

// SetAside says whether opening found a damaged file and set it aside.
func (l *Ledger) SetAside() SetAside { return l.aside }

// Open opens or creates the ledger. The file is private to the user. Errors name the file, and what to do.
func Open(cfg Config) (*Ledger, error) {
	if cfg.now == nil {
		cfg.now = time.Now
	}
	if cfg.networkFS == nil {
		cfg.networkFS = networkFS
	}
	if cfg.Dir == "" {
		return openMemory(cfg)
	}
	if err := makeDir(cfg.Dir); err != nil {
		return nil, fmt.Errorf("creating the state directory: %w; give a --state.dir that may be written", err)
	}
	if err := checkDir(cfg); err != nil {
		return nil, err
	}
	unlock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, openError(filepath.Join(cfg.Dir, fileName), err)
	}
	l, err := openLocked(cfg)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	l.unlock = unlock
	return l, nil
}

// openLocked has the directory for itself: whatever is half done in it was left by a process that is gone.
func openLocked(cfg Config) (*Ledger, error) {
	path := filepath.Join(cfg.Dir, fileName)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(cfg, time.Time{}); err != nil {
			return nil, err
		}
	}
	l, err := openWhole(cfg, path)
	if cfg.Recreate && errors.Is(err, ErrDamaged) {
		return recreate(cfg, path, err)
	}
	return l, err
}

// openWhole looks at everything in a ledger that may be recreated: damage that only a look-up found would end every process anew.
func openWhole(cfg Config, path string) (*Ledger, error) {
	l, err := openFile(cfg, path)
	if err != nil || !cfg.Recreate {
		return l, err
	}
	if err := l.readAll(); err != nil {
		return nil, errors.Join(err, l.db.Close())
	}
	return l, nil
}

// openMemory has the same code paths on a file that is never synced, and whose name is gone while it is open: a process that is killed leaves
// nothing behind. Where there is no place for temporary files, as in a container with a read-only root, shared memory is one.
func openMemory(cfg Config) (*Ledger, error) {
	dir, err := os.MkdirTemp("", "flowd-memory-")
	if err != nil {
		shared := error(nil)
		if dir, shared = os.MkdirTemp("/dev/shm", "flowd-memory-"); shared != nil {
			return nil, fmt.Errorf("creating a place for state in memory: %w; set TMPDIR to a directory that may be written", errors.Join(err, shared))
		}
	}
	l, err := openFile(cfg, filepath.Join(dir, fileName))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	l.unlock = func() error { return nil } // Nobody knows the directory.
	if l.tmp = dir; os.RemoveAll(dir) != nil {
		return l, nil // This system keeps the name of an open file. Close tries again.
	}
	return l, nil
}

func openError(path string, err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout), errors.Is(err, ErrLocked):
		return fmt.Errorf("opening %s: %w; stop it, or give this one a --state.dir of its own", path, ErrLocked)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if errors.Is(err, ErrDamaged) {
		return fmt.Errorf("opening %s: %w; %s", path, err, damageAdvice)
	}
	if isLink(path) {
		return fmt.Errorf("opening %s: %w; it is a symbolic link, which somebody else may turn: move the ledger itself to its place", path, err)
	}
	return fmt.Errorf("opening %s: %w", path, err)
}
