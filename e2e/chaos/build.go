package main

import (
	"context"
	"path/filepath"

	"flowd/e2e/loopback"
)

// buildAll builds what the rounds need, before the first of them: build tag → path.
func buildAll(ctx context.Context, dir string, rounds []round) (map[string]string, error) {
	paths := map[string]string{}
	for _, r := range rounds {
		if paths[r.tag] != "" {
			continue
		}
		paths[r.tag] = filepath.Join(dir, "flowd-"+r.tag)
		if err := loopback.Build(ctx, paths[r.tag], r.tag); err != nil {
			return nil, err
		}
	}
	return paths, nil
}
