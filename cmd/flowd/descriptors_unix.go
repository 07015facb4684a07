//go:build unix

package main

import (
	"math"
	"syscall"
)

// maxDescriptors is how many files and connections this process may have open. Go has raised the soft limit to the hard one by now.
func maxDescriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || uint64(limit.Cur) > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur)
}
