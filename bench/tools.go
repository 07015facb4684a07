package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tools are the programs to measure, as absolute paths.
type tools struct {
	flowd   string
	inflate string
	otel    string
	duckdb  []string // Takes SQL as its last argument; nil when there is none, which missing explains.
	scripts string   // The directory of the awk scripts.
	missing map[string]string
}

// duckdbVersion is the Python package that is measured where no duckdb is in the path.
const duckdbVersion = "2.0.1"

// build builds flowd inside its own module, with the versions and flags that it ships with, and the small programs of this one.
func build(ctx context.Context, cache string) (tools, error) {
	here, err := os.Getwd()
	if err != nil {
		return tools{}, err
	}
	t := tools{
		flowd: filepath.Join(cache, "flowd"), inflate: filepath.Join(cache, "inflate"), otel: filepath.Join(cache, "otel"),
		scripts: filepath.Join(here, "scripts"), missing: map[string]string{},
	}
	err = errors.Join(
		goBuild(ctx, "..", t.flowd, "./cmd/flowd"),
		goBuild(ctx, ".", t.inflate, "./cmd/inflate"),
		goBuild(ctx, ".", t.otel, "./cmd/otel"),
	)
	if err != nil {
		return tools{}, err
	}
	t.duckdb, err = findDuckDB(ctx, cache)
	if err != nil {
		t.missing["DuckDB"] = err.Error()
	}
	return t, nil
}

func goBuild(ctx context.Context, dir, path, what string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, what)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s in %s: %w\n%s", what, dir, err, out)
	}
	return nil
}

// findDuckDB prefers the command line program; the Python package has the same engine behind a start of 0.1 s.
func findDuckDB(ctx context.Context, cache string) ([]string, error) {
	if path, err := exec.LookPath("duckdb"); err == nil {
		return []string{path, "-csv", "-c"}, nil
	}
	python := filepath.Join(cache, "duckdb-"+duckdbVersion, "bin", "python")
	if _, err := os.Stat(python); err != nil {
		if err := installDuckDB(ctx, filepath.Dir(filepath.Dir(python))); err != nil {
			return nil, err
		}
	}
	return []string{python, "-c", "import duckdb, sys; print(duckdb.connect().execute(sys.argv[1]).fetchall())"}, nil
}

// installDuckDB leaves nothing behind that looks complete and is not.
func installDuckDB(ctx context.Context, venv string) error {
	for _, argv := range [][]string{
		{"python3", "-m", "venv", venv},
		{filepath.Join(venv, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "duckdb==" + duckdbVersion},
	} {
		if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return errors.Join(fmt.Errorf("no duckdb in the path, and %s: %w: %s", strings.Join(argv, " "), err, lastLine(out)), os.RemoveAll(venv))
		}
	}
	return nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// has says whether a program is there, and remembers why a peer is not.
func (t tools) has(peer, program string) bool {
	_, err := exec.LookPath(program)
	if err != nil {
		t.missing[peer] = program + " is not in the path"
	}
	return err == nil
}

// sql is a whole statement: what reads the files, and a query.
func (t tools) sql(query string, files []string) (string, error) {
	read, err := os.ReadFile(filepath.Join(t.scripts, "read.sql"))
	if err != nil {
		return "", err
	}
	ask, err := os.ReadFile(filepath.Join(t.scripts, query))
	list := "['" + strings.Join(files, "', '") + "']"
	return strings.Replace(string(read), "FILES", list, 1) + string(ask), err
}
