package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// What stands between these two lines of a page is generated.
const (
	beginMarker = "<!-- bench-peers: begin -->"
	endMarker   = "<!-- bench-peers: end -->"
)

// rewrite puts the result between the markers of a page, and leaves the rest alone.
func rewrite(path, result string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	page, err := between(string(content), result)
	if err != nil {
		return fmt.Errorf("rewriting %s: %w", path, err)
	}
	return os.WriteFile(path, []byte(page), 0o644)
}

func between(page, result string) (string, error) {
	before, rest, begins := strings.Cut(page, beginMarker)
	_, after, ends := strings.Cut(rest, endMarker)
	if !begins || !ends {
		return "", errors.New("it has no " + beginMarker + " and " + endMarker)
	}
	return before + beginMarker + "\n" + strings.TrimSpace(result) + "\n" + endMarker + after, nil
}
