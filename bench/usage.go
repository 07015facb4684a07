package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// usage is what one run took. A pipeline counts as one: the kernel adds up what a shell waited for, but for memory, of which it keeps the largest process.
type usage struct {
	cpu    time.Duration // User and system.
	wall   time.Duration
	memory int64 // Bytes resident at the peak.
}

// seconds and resident are the two that medians are taken of.
func (u usage) seconds() float64  { return u.cpu.Seconds() }
func (u usage) elapsed() float64  { return u.wall.Seconds() }
func (u usage) resident() float64 { return float64(u.memory) }

// command is a process to measure.
type command struct {
	argv  []string
	cores []int // That it may use.
	// says must be among the words that it prints: whoever came to another result did another job.
	says []string
}

// shell is a command that needs a pipe. The files are its arguments.
func shell(script string, files []string) []string {
	return append([]string{"/bin/sh", "-c", script, "sh"}, files...)
}

// run measures a command from its start to its end.
func (c command) run(ctx context.Context) (usage, error) {
	argv := append([]string{"taskset", "-c", coreList(c.cores)}, c.argv...)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", len(c.cores)), "LC_ALL=C")
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	if err != nil {
		return usage{}, fmt.Errorf("running %s: %w\n%s", c, err, complaints.Bytes())
	}
	if err := c.check(out.String()); err != nil {
		return usage{}, err
	}
	u, err := used(cmd.ProcessState)
	u.wall = took
	return u, err
}

// used is what a process and those that it waited for took.
func used(p *os.ProcessState) (usage, error) {
	r, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return usage{}, fmt.Errorf("what process %d used is a %T on this system", p.Pid(), p.SysUsage())
	}
	return usage{cpu: p.UserTime() + p.SystemTime(), memory: r.Maxrss << 10}, nil
}

func (c command) check(out string) error {
	words := map[string]bool{}
	for _, word := range strings.FieldsFunc(out, func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'z') }) {
		words[word] = true
	}
	for _, want := range c.says {
		if !words[want] {
			return fmt.Errorf("%s did not come to %s; it said:\n%.500s", c, want, out)
		}
	}
	return nil
}

func (c command) String() string { return fmt.Sprintf("%.200s", strings.Join(c.argv, " ")) }

func coreList(cores []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(cores), " ", ","), "[]")
}
