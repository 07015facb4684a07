package main

import (
	"io/fs"
	"math"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// memoryShare is how much of a cgroup's memory the Go runtime may have, in percent. The rest is for what it does not count: the page cache of the ledger,
// stacks of the kernel, the binary.
const memoryShare = 90

// limitMemory tells the garbage collector how much memory there is, so that it works harder near the end of it instead of being killed there. It returns the
// limit in bytes, 0 when nothing was set: without a cgroup that limits memory, or when GOMEMLIMIT is set, which the runtime has read by itself.
// root is the root of the file system.
func limitMemory(root fs.FS, getenv func(string) string) int64 {
	limit := cgroupMemory(root)
	if limit == math.MaxInt64 || getenv("GOMEMLIMIT") != "" {
		return 0
	}
	limit = limit / 100 * memoryShare
	debug.SetMemoryLimit(limit)
	return limit
}

// cgroupMemory is the least limit of the cgroups that this process is in, in bytes; math.MaxInt64 when there is none.
// Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
func cgroupMemory(root fs.FS) int64 {
	limit := int64(math.MaxInt64)
	lines, _ := fs.ReadFile(root, "proc/self/cgroup") // Without it there are no cgroups.
	for line := range strings.Lines(string(lines)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // number:controllers:path
		if len(parts) != 3 {
			continue
		}
		switch controllers := "," + parts[1] + ","; {
		case parts[0] == "0" && parts[1] == "":
			limit = min(limit, leastLimit(root, "sys/fs/cgroup", parts[2], "memory.max"))
		case strings.Contains(controllers, ",memory,"):
			limit = min(limit, leastLimit(root, "sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes"))
		}
	}
	return limit
}

// leastLimit reads the limits of a cgroup and of all above it. In a container the path may be that of the host, of which only the end is there: its
// own cgroup is at the mount then, so what does not exist is passed over.
func leastLimit(root fs.FS, mount, group, file string) int64 {
	limit := int64(math.MaxInt64)
	for group = path.Join("/", group); ; group = path.Dir(group) {
		content, _ := fs.ReadFile(root, path.Join(mount, group, file))
		if v, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64); err == nil && v > 0 && v < noLimit {
			limit = min(limit, v)
		}
		if group == "/" {
			return limit
		}
	}
}

// noLimit is less than what version 1 has where nothing is limited, the largest number of whole pages in 63 bits; version 2 has the word max.
const noLimit = math.MaxInt64 - 1<<20
