package main

import (
	"io/fs"
	"math"
	"os"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

// rootOf is a file system with these files.
func rootOf(files map[string]string) fs.FS {
	root := fstest.MapFS{}
	for name, content := range files {
		root[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return root
}

func TestCgroupMemory(t *testing.T) {
	const v1 = "4:cpu,cpuacct:/a\n3:memory:/docker/abc\n"
	cases := []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"no cgroups", nil, math.MaxInt64},
		{"version 2 in a container", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "134217728\n"}, 134217728},
		{"version 2 on a host", map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "500\n", "sys/fs/cgroup/memory.max": "900\n"}, 500},
		{"a tighter cgroup above", map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "300\n"}, 300},
		{"version 2 without a limit", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, math.MaxInt64},
		{"version 1 on a host", map[string]string{"proc/self/cgroup": v1, "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "700\n"}, 700},
		{"version 1 in a container", map[string]string{"proc/self/cgroup": v1, "sys/fs/cgroup/memory/memory.limit_in_bytes": "800\n"}, 800},
		{"version 1 without a limit", map[string]string{"proc/self/cgroup": v1, "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, math.MaxInt64},
		{"both, of which version 2 has no memory", map[string]string{
			"proc/self/cgroup": v1 + "0::/x\n", "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "700\n",
		}, 700},
		{"another controller's limit", map[string]string{"proc/self/cgroup": "1:memoryless:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "1\n"}, math.MaxInt64},
		{"nonsense", map[string]string{"proc/self/cgroup": "0::/\n::\nx\n", "sys/fs/cgroup/memory.max": "-5\n"}, math.MaxInt64},
		{"a path that leads out", map[string]string{"proc/self/cgroup": "0::/../../etc\n", "sys/fs/cgroup/memory.max": "600\n"}, 600},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := cgroupMemory(rootOf(c.files)); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
	cgroupMemory(os.DirFS("/")) // Whatever is here, it ends.
}

// F71 container with little memory: the garbage collector is told 90 % of what the cgroup allows, unless GOMEMLIMIT says otherwise; what flowd holds is
// bounded, and counted objects stay exact in 128 MiB.
func TestF71_LittleMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	small := rootOf(map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "134217728\n"})
	unset, set := func(string) string { return "" }, func(name string) string { return map[string]string{"GOMEMLIMIT": "1GiB"}[name] }
	const want = 134217728 / 100 * 90
	for _, c := range []struct {
		name   string
		root   fs.FS
		getenv func(string) string
		want   int64
	}{
		{"GOMEMLIMIT is set", small, set, 0},
		{"no cgroup", rootOf(nil), unset, 0},
		{"a cgroup of 128 MiB", small, unset, want},
	} {
		got, limit := limitMemory(c.root, c.getenv), debug.SetMemoryLimit(-1)
		if got != c.want || c.want == 0 && limit != before || c.want != 0 && limit != want {
			t.Errorf("%s: got %d and a limit of %d, want %d", c.name, got, limit, c.want)
		}
	}
}
