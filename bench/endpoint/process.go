package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// look is the time between two looks at a queue or a process.
const look = 20 * time.Millisecond

// Process is a flowd that reads the queue of an [Endpoint]. It is for one goroutine.
type Process struct {
	endpoint *Endpoint
	cmd      *exec.Cmd
	log      *bytes.Buffer // To be read once the process is gone.
	gone     chan struct{}
}

// Launch starts flowd with a new ledger in dir, behind a prefix of the command line such as taskset's, and with more of an environment than it needs.
func (e *Endpoint) Launch(prefix []string, flowd, dir string, env ...string) (*Process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	argv := append(prefix[:len(prefix):len(prefix)], flowd, "run", "--aws.endpoint-url="+e.url, "--aws.region="+region, "--sqs.queue-url="+e.queueURL(), "--s3.bucket="+name,
		"--state.dir="+filepath.Join(dir, "state"), "--web.listen-address="+address, "--log.level=error", "--log.format=json")
	p := &Process{endpoint: e, cmd: exec.Command(argv[0], argv[1:]...), log: new(bytes.Buffer), gone: make(chan struct{})}
	p.cmd.Stderr, p.cmd.Dir, p.cmd.Env = p.log, dir, append(environment(dir), env...)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting flowd: %w", err)
	}
	go func() {
		_ = p.cmd.Wait() // How it ended is in the process state.
		close(p.gone)
	}()
	return p, nil
}

func environment(dir string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true"}
}

// freeAddress is a loopback address that nobody listened on a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// UntilEmpty waits until the queue has no message any more, in flight or not: everything is counted and deleted.
func (p *Process) UntilEmpty(ctx context.Context) error {
	for {
		n, err := p.endpoint.Messages(ctx)
		if err != nil || n == 0 {
			return err
		}
		if err := p.Pause(ctx, look); err != nil {
			return err
		}
	}
}

// Pause is an error when flowd is gone before it is over.
func (p *Process) Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.gone:
		return fmt.Errorf("flowd ended by itself: %s\n%s", p.cmd.ProcessState, p.log)
	}
}

// Peak is the most memory that was resident at once so far, in bytes.
// Source: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html, VmHWM
func (p *Process) Peak() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, errors.New("the system does not say how much memory a process had")
}

// End asks flowd to stop and waits for it. The state says what it used.
func (p *Process) End() (*os.ProcessState, error) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // It may be gone already.
	<-p.gone
	if !p.cmd.ProcessState.Success() {
		return nil, fmt.Errorf("stopping flowd: %s\n%s", p.cmd.ProcessState, p.log)
	}
	return p.cmd.ProcessState, nil
}
