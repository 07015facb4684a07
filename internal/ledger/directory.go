package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// othersMayWrite are the permissions with which somebody else could put another file into the place of the ledger.
const othersMayWrite fs.FileMode = 0o022

// checkDir refuses a state directory that others may change, or whose locks and syncs are promises of another machine.
func checkDir(cfg Config) error {
	info, err := os.Stat(cfg.Dir)
	if err != nil {
		return fmt.Errorf("looking at the state directory: %w", err)
	}
	if mode := info.Mode().Perm(); mode&othersMayWrite != 0 && runtime.GOOS != "windows" { // Windows has no such permissions.
		return fmt.Errorf("the state directory %s may be written by others (mode %04o); take that away (chmod go-w), or give a --state.dir inside of it, "+
			"which flowd makes private", cfg.Dir, mode)
	}
	if name, network := cfg.networkFS(cfg.Dir); network && !cfg.AllowNetworkFS {
		return fmt.Errorf("the state directory %s is on a network file system (%s), where locks and syncs may not hold and an object may count twice; "+
			"use a local disk, or --ledger.allow-network-fs if you know that they do", cfg.Dir, name)
	}
	return nil
}

// makeDir creates a directory and what is missing above it, and makes each name durable: a power cut that takes the directory takes the ledger.
func makeDir(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable; syncing a file does that only for its content.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("syncing a directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("syncing directory %s: %w", path, err)
	}
	return nil
}
