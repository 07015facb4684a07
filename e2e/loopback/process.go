package loopback

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// Build builds flowd inside its own module, with the versions that it ships with. An empty tag is what ships.
func Build(ctx context.Context, path, tag string) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "flowd").Output()
	if err != nil {
		return fmt.Errorf("looking for flowd's module: %w; run this inside of the module flowd/e2e", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-tags="+tag, "-o", path, "./cmd/flowd")
	cmd.Dir = strings.TrimSpace(string(root))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building flowd with tag %q: %w\n%s", tag, err, out)
	}
	return nil
}

// FreeAddress is a loopback address that nobody listened on a moment ago.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Process is a flowd that runs.
type Process struct {
	Stderr *Tail
	Exited chan struct{} // Closed when it is gone.

	cmd    *exec.Cmd
	url    string
	client *http.Client
}

// ErrEnded says that flowd ended by itself.
var ErrEnded = errors.New("flowd ended by itself")

// Launch starts flowd, which will listen on address, with nothing of the developer's environment but what programs need to run, and the variables given.
func Launch(argv []string, dir, address string, env ...string) (*Process, error) {
	p := &Process{
		cmd: exec.Command(argv[0], argv[1:]...), Stderr: new(Tail), Exited: make(chan struct{}), url: "http://" + address,
		client: &http.Client{Transport: &http.Transport{DisableCompression: true}},
	}
	p.cmd.Stderr, p.cmd.Dir, p.cmd.Env = p.Stderr, dir, append(environment(dir), env...)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting flowd: %w", err)
	}
	go func() {
		_ = p.cmd.Wait() // How it ended is in the process state.
		close(p.Exited)
	}()
	return p, nil
}

func environment(dir string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.Getenv("TMPDIR"),
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
	}
}

// Get asks for a path; another status than 200 is an error.
func (p *Process) Get(ctx context.Context, path string) ([]byte, error) {
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

// End sends a signal, waits until the process is gone, and returns its exit code; -1 if a signal ended it.
func (p *Process) End(s os.Signal) int {
	_ = p.cmd.Process.Signal(s) // It may be gone already.
	<-p.Exited
	p.client.CloseIdleConnections()
	return p.cmd.ProcessState.ExitCode()
}

// Tail keeps the end of what a process writes, and may be read meanwhile.
type Tail struct {
	mu   sync.Mutex
	text []byte
}

// maxTail is in bytes; a panic with its stacks fits.
const maxTail = 256 << 10

func (t *Tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if extra := len(t.text) - maxTail; extra > 0 {
		t.text = t.text[extra:]
	}
	return len(b), nil
}

// Count is how often a text is in it.
func (t *Tail) Count(text string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Count(t.text, []byte(text))
}

func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
