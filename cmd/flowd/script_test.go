package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"flowd/internal/localaws"
)

func TestMain(m *testing.M) { testscript.Main(leakless{m}, map[string]func(){"flowd": main}) }

// leakless is a run after which no goroutine may be left. Programs of scripts are processes of their own, and not looked at.
type leakless struct{ *testing.M }

// Run implements [testscript.TestingM].
func (l leakless) Run() int {
	code := l.M.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts runs the real program as a shell would. Every script has an AWS account of its own, empty but for a VPC with an interface in it, at
// $ENDPOINT, and a free $ADDRESS to serve at. `exits N command …` wants that exit code; `answers PATH` waits until $ADDRESS answers 200 there.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: scriptAccount,
		Cmds:  map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits, "answers": answers},
	})
}

// TestEveryCommandHasScripts in which it does well, and in which it is called in a wrong way.
func TestEveryCommandHasScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("got the scripts %v, %v", paths, err)
	}
	var scripts strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(text)
	}
	parser, err := newParser(new(commands), io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	leaves := parser.Model.Leaves(true)
	if len(leaves) < 12 {
		t.Fatalf("got %d commands, want at least 12", len(leaves))
	}
	for _, leaf := range leaves {
		for _, exit := range []string{"(exec|exits 0)", "exits 2"} {
			if !regexp.MustCompile(`(?m)^` + exit + ` flowd ` + leaf.Path() + `\b`).MatchString(scripts.String()) {
				t.Errorf("no script has %s flowd %s", exit, leaf.Path())
			}
		}
	}
}

func scriptAccount(env *testscript.Env) error {
	const vpc, subnet = "vpc-0a1b2c3d4e5f60718", "subnet-0b1b2c3d4e5f60718"
	endpoint := httptest.NewServer(localaws.New(localaws.Config{Network: localaws.Network{
		Subnets: map[string]string{subnet: vpc}, Interfaces: map[string]string{"eni-0c1b2c3d4e5f60718": subnet},
	}}))
	env.Defer(endpoint.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	env.Setenv("ENDPOINT", endpoint.URL)
	env.Setenv("ADDRESS", l.Addr().String())
	return nil
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%v exits with %d, want %d", args[1:], got, want)
	}
}

// answers bounds the wait; nothing is judged by how long it took.
func answers(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	url := "http://" + ts.Getenv("ADDRESS") + args[0]
	for {
		if response, err := http.Get(url); err == nil {
			ts.Check(response.Body.Close())
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("gave up waiting for %s to answer", url)
		case <-tick.C:
		}
	}
}
