package e2e

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that runs beside the test. It is killed when the test ends, and what it wrote is shown if the test failed.
type process struct {
	t              *testing.T
	name           string
	cmd            *exec.Cmd
	stdout, stderr *output
	exited         chan struct{} // Closed when the process is gone.
	err            error         // How it ended; to be read after exited.
}

// output collects what a process writes, and may be read meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// launch starts a program with nothing of the developer's environment but what programs need to run: settings of AWS or flowd stay out.
func launch(t *testing.T, path string, args ...string) *process {
	t.Helper()
	return launchWith(t, nil, path, args...)
}

// launchWith adds variables to the environment.
func launchWith(t *testing.T, env []string, path string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: filepath.Base(path), cmd: exec.Command(path, args...), stdout: new(output), stderr: new(output), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.cmd.Dir, "TMPDIR=" + os.Getenv("TMPDIR"),
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
	}, env...)
	// The pipe's other end stays open until this process is gone, whatever ends it: localawsd lives no longer than that.
	if _, err := p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(p.clean)
	return p
}

func (p *process) clean() {
	_ = p.cmd.Process.Kill() // It may be gone already.
	<-p.exited
	if p.t.Failed() {
		p.t.Logf("stderr of %s:\n%s", p.name, p.stderr)
	}
}

// until waits for something that cannot happen any more once the process is gone.
func (p *process) until(what string, ok func() bool) {
	p.t.Helper()
	wait(p.t, what, func() bool {
		if ok() {
			return true
		}
		select {
		case <-p.exited:
			p.t.Fatalf("%s ended while waiting for %s: %v", p.name, what, p.err)
		default:
		}
		return false
	})
}

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("sending %v to %s: %v", s, p.name, err)
	}
}

// end waits until the process is gone, and returns its exit code; -1 if a signal ended it.
func (p *process) end() int {
	p.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-p.exited:
	case <-timeout.C:
		p.t.Fatalf("gave up waiting for %s to end", p.name)
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		p.t.Fatalf("waiting for %s: %v", p.name, p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop ends the process as a service manager does, and expects success.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != 0 {
		p.t.Errorf("exit code of %s after SIGTERM: got %d, want 0", p.name, code)
	}
}

// kill ends the process without a word.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	p.end()
}

// status is the answer to a GET, 0 when there was none.
func status(url string) int {
	response, err := http.Get(url)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// body is what a GET answers, which must be 200.
func body(t *testing.T, url string) []byte {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("reading %s: %s, %v\n%s", url, response.Status, err, content)
	}
	return content
}
