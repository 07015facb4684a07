package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"flowd/e2e/golden"
)

// process is the flowd that runs.
type process struct {
	cmd    *exec.Cmd
	stderr *tail
	exited chan struct{} // Closed when it is gone.
	url    string
}

// build builds flowd inside its own module, with the versions that it ships with.
func build(ctx context.Context, path string) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "flowd").Output()
	if err != nil {
		return fmt.Errorf("looking for flowd's module: %w; run this inside of the module flowd/e2e", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-o", path, "./cmd/flowd")
	cmd.Dir = strings.TrimSpace(string(root))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building flowd: %w\n%s", err, out)
	}
	return nil
}

// launch starts flowd, inside of the cgroup if there is one, with nothing of the developer's environment but what programs need to run.
func launch(binary, dir string, e *endpoint, group *cgroup) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args := []string{
		binary, "run", "--aws.endpoint-url=" + e.url, "--aws.region=" + region, "--sqs.queue-url=" + e.queueURL(queueName), "--sqs.visibility-timeout=10s",
		"--s3.bucket=" + bucketName, "--state.dir=" + filepath.Join(dir, "state"), "--web.listen-address=" + address, "--log.level=error", "--log.format=json",
	}
	if group != nil {
		args = group.inside(args)
	}
	p := &process{cmd: exec.Command(args[0], args[1:]...), stderr: new(tail), exited: make(chan struct{}), url: "http://" + address}
	p.cmd.Stderr, p.cmd.Dir, p.cmd.Env = p.stderr, dir, environment(dir)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting flowd: %w", err)
	}
	go func() {
		_ = p.cmd.Wait() // How it ended is in the process state.
		close(p.exited)
	}()
	return p, nil
}

func environment(dir string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.Getenv("TMPDIR"),
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
	}
}

// freeAddress is a loopback address that nobody listened on a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// up waits for the first answer.
func (p *process) up(ctx context.Context) error {
	for {
		if _, err := p.scrape(ctx); err == nil {
			return nil
		}
		if err := p.pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// pause waits, and fails when flowd ends meanwhile.
func (p *process) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.exited:
		return fmt.Errorf("flowd ended by itself: %s", p.cmd.ProcessState)
	}
}

func (p *process) scrape(ctx context.Context) (golden.Samples, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("scraping: %s\n%s", response.Status, body)
	}
	if err != nil {
		return nil, err
	}
	return golden.Parse(body)
}

// end sends a signal, waits until the process is gone, and returns its exit code; -1 if a signal ended it.
func (p *process) end(s syscall.Signal) int {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return -1
	}
	<-p.exited
	return p.cmd.ProcessState.ExitCode()
}

// tail keeps the end of what a process writes, and may be read meanwhile.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// maxTail is in bytes.
const maxTail = 64 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-maxTail):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
