// Package flowd_test holds the rules that no single room can check: which room may know which.
package flowd_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// room is what a package of flowd may use: other rooms by name, and modules of others by the beginning of their path.
type room struct {
	rooms   []string
	modules []string
}

const (
	awsSDK     = "github.com/aws/"
	prometheus = "github.com/prometheus/"
	zap        = "go.uber.org/zap"
)

// rooms is the table of docs/design.md. A room that is not in it fails the test: a new one needs a sentence there first.
func rooms() map[string]room {
	return map[string]room{
		"flowd/pkg/parser":           {},
		"flowd/pkg/metrics":          {[]string{"flowd/pkg/parser"}, []string{prometheus, "google.golang.org/protobuf"}},
		"flowd/pkg/ingest":           {[]string{"flowd/pkg/parser", "flowd/internal/inflate"}, []string{awsSDK, prometheus, zap}},
		"flowd/internal/archive":     {rooms: []string{"flowd/pkg/parser", "flowd/internal/inflate"}},
		"flowd/internal/inflate":     {nil, []string{"github.com/klauspost/compress"}},
		"flowd/internal/ledger":      {nil, []string{"go.etcd.io/bbolt"}},
		"flowd/internal/bootstrap":   {nil, []string{awsSDK}},
		"flowd/internal/web":         {nil, []string{prometheus, zap, "golang.org/x/sync"}},
		"flowd/internal/remotewrite": {nil, []string{prometheus, "go.yaml.in/yaml/v3", "golang.org/x/sync", "google.golang.org/protobuf"}},
		"flowd/internal/localaws":    {},
		"flowd/internal/flowgen":     {nil, []string{"golang.org/x/time"}},
		"flowd/cmd/flowd":            {[]string{"*"}, []string{"*"}},
	}
}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Imports,Standard", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestRoomsKnowOnlyWhatTheyMay(t *testing.T) {
	standard, seen := map[string]bool{}, 0
	all := list(t)
	for _, p := range all {
		standard[p.ImportPath] = p.Standard
	}
	for _, p := range all {
		if !strings.HasPrefix(p.ImportPath, "flowd/") {
			continue
		}
		seen++
		r, known := rooms()[p.ImportPath]
		if !known {
			t.Errorf("%s is not in the table of rooms", p.ImportPath)
		}
		for _, i := range p.Imports {
			if !standard[i] && !allowed(r, i) {
				t.Errorf("%s imports %s, which it may not know", p.ImportPath, i)
			}
		}
	}
	if want := packagesOnDisk(t); seen != want || seen == 0 {
		t.Fatalf("saw %d packages, and there are %d on disk", seen, want)
	}
}

func allowed(r room, path string) bool {
	if strings.HasPrefix(path, "flowd/") {
		return slices.Contains(r.rooms, path) || slices.Contains(r.rooms, "*")
	}
	return slices.ContainsFunc(r.modules, func(m string) bool { return m == "*" || strings.HasPrefix(path, m) })
}

// packagesOnDisk counts folders with Go files that are not tests, but for those of other modules.
func packagesOnDisk(t *testing.T) int {
	t.Helper()
	folders := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{"testdata", ".git", "tools", "e2e", "bench"}, d.Name()) {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			folders[filepath.Dir(path)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(folders)
}
