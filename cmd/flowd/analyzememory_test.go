//go:build unix

package main

import (
	"fmt"
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

// TestResidentMemoryIsTheSameForMore reads 4 MB of text, which fill every ranking of every worker, and then eight times as much, in processes of their own.
func TestResidentMemoryIsTheSameForMore(t *testing.T) {
	files, names := map[string]string{}, []string{}
	for i := range 4 {
		name := fmt.Sprintf("%d.log", i)
		files[name], names = manyFlows(i, 20_000), append(names, name)
	}
	folderOf(t, files)
	small := residentMemory(t, names)
	large := residentMemory(t, slices.Repeat(names, 8))
	if small == 0 || large > small+small/10 {
		t.Errorf("resident memory: got %d for 4 MB of text and %d for 32 MB, want a tenth more at most", small, large)
	}
}

// residentMemory is the most that flowd had while it analyzed files, in the unit of the system.
func residentMemory(t *testing.T, files []string) int64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "flowd", append([]string{"analyze", "--output=json", "--workers=4"}, files...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatalf("got %T, want what the process used", cmd.ProcessState.SysUsage())
	}
	t.Logf("%d files: %d", len(files), usage.Maxrss)
	return usage.Maxrss
}
