//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package ledger

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// noFollow makes opening a symbolic link an error.
const noFollow = syscall.O_NOFOLLOW

// release unlocks a file before it closes it: while a part of it is mapped, closing alone does not.
func release(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}

// lockDir takes the directory for this process. bbolt locks the file itself, which is too late for whoever creates it or gives it another name.
func lockDir(path string) (unlock func() error, err error) {
	d, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("locking the state directory: %w", err)
	}
	const pause = 50 * time.Millisecond
	for deadline := time.Now().Add(lockTimeout); ; time.Sleep(pause) {
		err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return d.Close, nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("locking the state directory %s: %w", path, err), d.Close())
		case time.Now().After(deadline):
			return nil, errors.Join(ErrLocked, d.Close())
		}
	}
}
