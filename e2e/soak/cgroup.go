package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// errNoCgroup says that this machine does not let the harness limit memory.
var errNoCgroup = errors.New("skipped: limiting memory needs a cgroup that may be written, as root has it")

// cgroup limits the memory of the processes in it. Both versions are known, by the names of their files.
// Sources: https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, https://docs.kernel.org/admin-guide/cgroup-v2.html
type cgroup struct {
	dir string
	v2  bool
}

// newCgroup prefers version 1 where it has the memory controller: where both are mounted, version 2 has none.
func newCgroup(bytes int64) (*cgroup, error) {
	const root = "/sys/fs/cgroup"
	name := fmt.Sprintf("flowd-soak-%d", os.Getpid())
	g := &cgroup{dir: filepath.Join(root, "memory", name)}
	if _, err := os.Stat(filepath.Join(root, "memory")); err != nil {
		g = &cgroup{dir: filepath.Join(root, name), v2: true}
	}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoCgroup, err)
	}
	if err := os.WriteFile(g.file("memory.limit_in_bytes", "memory.max"), fmt.Append(nil, bytes), 0o644); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", errNoCgroup, err), g.remove())
	}
	// No swap either. Where there is none there may be no such file.
	_ = os.WriteFile(g.file("memory.memsw.limit_in_bytes", "memory.swap.max"), fmt.Append(nil, map[bool]int64{false: bytes, true: 0}[g.v2]), 0o644)
	return g, nil
}

func (g *cgroup) file(v1, v2 string) string {
	if g.v2 {
		return filepath.Join(g.dir, v2)
	}
	return filepath.Join(g.dir, v1)
}

// inside is a command that enters the cgroup and becomes what args say.
func (g *cgroup) inside(args []string) []string {
	return append([]string{"/bin/sh", "-c", `echo $$ > "$0" && exec "$@"`, filepath.Join(g.dir, "cgroup.procs")}, args...)
}

// seen is the most memory there was at once, in bytes, the page cache of the ledger included, and how often the limit was reached.
func (g *cgroup) seen() (peak, failures int64, err error) {
	if peak, err = g.number("memory.max_usage_in_bytes", "memory.peak"); err != nil {
		return 0, 0, err
	}
	if g.v2 {
		return peak, g.event("max"), nil
	}
	failures, err = g.number("memory.failcnt", "")
	return peak, failures, err
}

func (g *cgroup) number(v1, v2 string) (int64, error) {
	content, err := os.ReadFile(g.file(v1, v2))
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
}

// event is the number in a line of memory.events; 0 when it is not there.
func (g *cgroup) event(name string) int64 {
	content, _ := os.ReadFile(filepath.Join(g.dir, "memory.events"))
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			n, _ := strconv.ParseInt(value, 10, 64) // The kernel writes numbers.
			return n
		}
	}
	return 0
}

// remove needs every process in it to be gone.
func (g *cgroup) remove() error { return os.Remove(g.dir) }
