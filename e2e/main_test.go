// Package e2e runs the real flowd binary against AWS endpoints: the in-process one, or any other that FLOWD_E2E_ENDPOINT names, such as a moto
// server. Nothing in it asks which one it is. Every test has a bucket and queues of its own, so they may share an endpoint.
//
//	go test ./...
//	pip install 'moto[server]' && moto_server -p 5000 & FLOWD_E2E_ENDPOINT=http://127.0.0.1:5000 go test ./...
//
// A real Prometheus and promtool (Debian's package prometheus) judge what flowd exposes, and an Alertmanager (prometheus-alertmanager) hears of it; without them those tests are skipped, unless CI is true.
package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const (
	// patience bounds every wait; nothing is judged by how long it took.
	patience = 2 * time.Minute
	// pollInterval is the time between two looks at another process.
	pollInterval = 100 * time.Millisecond
)

// binaries is where flowd and localawsd were built. TestMain writes it, before any test runs.
var binaries string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "flowd-e2e-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	if err := build(dir); err != nil {
		return complain(err)
	}
	binaries = dir
	forgetAWS()
	if code := m.Run(); code != 0 {
		return code
	}
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(leftByToxiproxy()...); err != nil {
		return complain(err)
	}
	return 0
}

// leftByToxiproxy are goroutines that it leaves behind when a connection ends while a toxic is taken away.
func leftByToxiproxy() []goleak.Option {
	const toxiproxy = "github.com/Shopify/toxiproxy/v2"
	return []goleak.Option{
		goleak.IgnoreAnyFunction(toxiproxy + "/toxics.(*ToxicStub).Run"),
		goleak.IgnoreAnyFunction(toxiproxy + ".(*ToxicLink).read"),
		goleak.IgnoreAnyFunction(toxiproxy + ".(*ToxicLink).write"),
	}
}

// forgetAWS drops the developer's settings of the SDK: the suite must do the same everywhere.
func forgetAWS() {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("AWS_CONFIG_FILE", os.DevNull)
	os.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// build compiles flowd inside its own module, with the versions that it ships with, and localawsd inside this one.
func build(dir string) error {
	for _, b := range []struct{ name, module, pkg string }{{"flowd", "..", "./cmd/flowd"}, {"localawsd", ".", "./localawsd"}} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, b.name), b.pkg)
		cmd.Dir = b.module
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", b.name, err, out)
		}
	}
	return nil
}

// needs returns the path of a program that the test cannot do without. Where it is not installed the test is skipped, but not in CI: a test
// that never runs there proves nothing.
func needs(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed, and CI must not skip: %v; install Debian's packages prometheus and prometheus-alertmanager", program, err)
	}
	t.Skipf("%s is not installed; install Debian's packages prometheus and prometheus-alertmanager to run this test", program)
	return ""
}

// wait polls until ok, because what it waits for happens in another process.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("gave up waiting for %s", what)
		case <-tick.C:
		}
	}
}

// freeAddress is a loopback address that nobody listened on a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
