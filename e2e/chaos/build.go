package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// buildAll builds what the rounds need, before the first of them: build tag → path.
func buildAll(ctx context.Context, dir string, rounds []round) (map[string]string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "flowd").Output()
	if err != nil {
		return nil, fmt.Errorf("looking for flowd's module: %w; run this inside of the module flowd/e2e", err)
	}
	paths := map[string]string{}
	for _, r := range rounds {
		if paths[r.tag] != "" {
			continue
		}
		paths[r.tag] = filepath.Join(dir, "flowd-"+r.tag)
		if err := build(ctx, strings.TrimSpace(string(root)), r.tag, paths[r.tag]); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// build builds flowd inside its own module, with the versions that it ships with.
func build(ctx context.Context, root, tag, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-tags="+tag, "-o", path, "./cmd/flowd")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building flowd with tag %q: %w\n%s", tag, err, out)
	}
	return nil
}
