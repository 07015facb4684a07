package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"
)

// process is a flowd that runs.
type process struct {
	cmd    *exec.Cmd
	stderr *tail
	exited chan struct{} // Closed when it is gone.
	url    string
	client *http.Client
}

// errEnded says that flowd ended by itself.
var errEnded = errors.New("flowd ended by itself")

// launch starts flowd with nothing of the developer's environment but what programs need to run, and the variables given.
func launch(path, dir, address string, args []string, env ...string) (*process, error) {
	p := &process{
		cmd: exec.Command(path, args...), stderr: new(tail), exited: make(chan struct{}), url: "http://" + address,
		client: &http.Client{Transport: &http.Transport{DisableCompression: true}},
	}
	p.cmd.Stderr, p.cmd.Dir, p.cmd.Env = p.stderr, dir, append(environment(dir), env...)
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

// pollInterval is how often a starting flowd is asked for a scrape: often enough to see what it restored before it counts more.
const pollInterval = time.Millisecond

// up waits for the first answer, and returns what it shows.
func (p *process) up(ctx context.Context) (shown, error) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if now, err := p.both(ctx); err == nil {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return shown{}, context.Cause(ctx)
		case <-p.exited:
			return shown{}, errEnded
		case <-tick.C:
		}
	}
}

// shown is what flowd shows to whoever asks, as it answered; nil is what was not asked for.
type shown struct {
	status []byte // Of the JSON API: it answers at once, so that a kill may follow within a millisecond.
	scrape []byte
}

func (p *process) both(ctx context.Context) (now shown, err error) {
	if now.status, err = p.status(ctx); err == nil {
		now.scrape, err = p.scrape(ctx)
	}
	return now, err
}

func (p *process) scrape(ctx context.Context) ([]byte, error) { return p.get(ctx, "/metrics") }

func (p *process) status(ctx context.Context) ([]byte, error) { return p.get(ctx, "/api/v1/status") }

func (p *process) get(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("reading %s: %s\n%s", path, response.Status, body)
	}
	return body, err
}

// end sends a signal, waits until the process is gone, and returns its exit code; -1 if a signal ended it.
func (p *process) end(s os.Signal) int {
	_ = p.cmd.Process.Signal(s) // It may be gone already.
	<-p.exited
	p.client.CloseIdleConnections()
	return p.cmd.ProcessState.ExitCode()
}

// tail keeps the end of what a process writes, and may be read meanwhile.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// maxTail is in bytes; a panic with its stacks fits.
const maxTail = 256 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if extra := len(t.text) - maxTail; extra > 0 {
		t.text = t.text[extra:]
	}
	return len(b), nil
}

func (t *tail) count(text string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Count(t.text, []byte(text))
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
