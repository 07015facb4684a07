package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// allowed are the cores that this process may use, which its children may use too.
func allowed() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("asking which cores may be used: %w", err)
	}
	var cores []int
	for core := range 1024 {
		if set.IsSet(core) {
			cores = append(cores, core)
		}
	}
	return cores, nil
}

// leave keeps this process, and what it serves, off a core, when it may use others. Threads that are begun later inherit that; children name their cores themselves.
func leave(core int, all []int) error {
	var others unix.CPUSet
	for _, c := range all {
		if c != core {
			others.Set(c)
		}
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil || others.Count() == 0 {
		return err
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err == nil {
			err = unix.SchedSetaffinity(id, &others)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) { // It may have ended.
			return fmt.Errorf("leaving core %d: %w", core, err)
		}
	}
	return nil
}

// loadAverage is how many processes wanted a core, as an average of the last minute; 0 when the system does not say.
func loadAverage() string {
	content, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(content), " ")
	return first
}

// quiet is the load that is still none, before anything runs.
const quiet = 1.5

// machine says where and with what it was measured.
func machine(ctx context.Context, w io.Writer, before string, floor int64) {
	fmt.Fprintf(w, "%s, %s, %s, Linux %s, %s. ", time.Now().UTC().Format("2 January 2006"), cpuModel(), plural(runtime.NumCPU(), "core"), kernel(), runtime.Version())
	fmt.Fprintf(w, "Load before the first run %s and after the last %s. ", before, loadAverage())
	if n, _ := strconv.ParseFloat(before, 64); n > quiet {
		fmt.Fprint(w, "**Other work shared the machine**: CPU seconds are too high then, ratios are less exact, and the comparison of two cores with one says nothing. ")
	}
	fmt.Fprintf(w, "Of memory, the kernel does not tell less than %.0f MB, which the harness itself has.\n\n", float64(floor)/megabyte)
	fmt.Fprintf(w, "Peers: %s.\n\n", strings.Join(versions(ctx), ", "))
}

func cpuModel() string {
	content, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(content)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func kernel() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(release))
}

// versions leaves out what nobody can tell.
func versions(ctx context.Context) (all []string) {
	for _, module := range []string{"github.com/open-telemetry/opentelemetry-collector-contrib/extension/encoding/awslogsencodingextension", "github.com/klauspost/compress"} {
		if out, err := exec.CommandContext(ctx, "go", "list", "-m", module).Output(); err == nil {
			all = append(all, strings.TrimSpace(string(out)))
		}
	}
	all = append(all, "DuckDB "+duckdbVersion+" where no other is in the path")
	for _, name := range []string{"mawk", "gzip", "pigz", "isal", "libdeflate-tools"} {
		if out, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f=${Package} ${Version}", name).Output(); err == nil {
			all = append(all, string(out))
		}
	}
	return all
}
