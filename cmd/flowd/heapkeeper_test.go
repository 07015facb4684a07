package main

import (
	"runtime/debug"
	"testing"
)

// TestHeapIsKeptFromTheSecondFileOn, and left as it was in the end.
func TestHeapIsKeptFromTheSecondFileOn(t *testing.T) {
	const before = 77
	defer debug.SetGCPercent(debug.SetGCPercent(before))
	percent := func() int {
		now := debug.SetGCPercent(before)
		debug.SetGCPercent(now)
		return now
	}
	for files, want := range []int{before, before, heapPercent, heapPercent} {
		var k heapKeeper
		for range files {
			k.fileDone()
		}
		if got := percent(); got != want {
			t.Errorf("after %d files: got %d %%, want %d %%", files, got, want)
		}
		if k.release(); percent() != before {
			t.Errorf("after the end, with %d files: got %d %%, want %d %%", files, percent(), before)
		}
	}
}
