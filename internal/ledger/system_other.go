//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package ledger

import "os"

// noFollow is not there on every system.
const noFollow = 0

// release closes a file, which unlocks it.
func release(f *os.File) error { return f.Close() }

// lockDir leaves it to bbolt to lock the file.
func lockDir(string) (unlock func() error, err error) { return func() error { return nil }, nil }
