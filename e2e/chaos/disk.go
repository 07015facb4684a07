package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// diskSize is small enough to be filled in no time, and large enough for the ledger of a round.
const diskSize = "16m"

// errNoDisk says that this machine does not let the harness mount a disk.
var errNoDisk = errors.New("skipped: mounting a tmpfs needs root")

// disk is a file system of its own, for the state.
type disk struct {
	dir  string
	full bool
}

func mountDisk(ctx context.Context, dir string) (*disk, error) {
	out, err := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", "mode=0700,size="+diskSize, "flowd-chaos", dir).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %w: %s", errNoDisk, err, out)
	}
	return &disk{dir: dir}, nil
}

func (d *disk) filler() string { return filepath.Join(d.dir, "filler") }

// fill writes until there is no space.
func (d *disk) fill() error {
	f, err := os.Create(d.filler())
	if err != nil {
		return fmt.Errorf("filling the disk: %w", err)
	}
	defer f.Close()
	d.full = true
	if _, err = io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("filling the disk: got %w, want no space", err)
	}
	return nil
}

func (d *disk) free() error {
	if !d.full {
		return nil
	}
	d.full = false
	return os.Remove(d.filler())
}

// unmount gives the disk back. Nothing on it is in use any more.
func (d *disk) unmount() error { return exec.Command("umount", d.dir).Run() }

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
