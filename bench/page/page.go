// Package page writes results into pages that people wrote: between two markers, and nowhere else.
package page

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Rewrite replaces what stands between the markers of that name in the file at path. It is an error when one of them is not there.
func Rewrite(path, name, result string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	text, err := between(string(content), name, result)
	if err != nil {
		return fmt.Errorf("rewriting %s: %w", path, err)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

func between(text, name, result string) (string, error) {
	begin, end := "<!-- "+name+": begin -->", "<!-- "+name+": end -->"
	before, rest, begins := strings.Cut(text, begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return "", errors.New("it lacks " + begin + " or " + end)
	}
	return before + begin + "\n" + strings.TrimSpace(result) + "\n" + end + after, nil
}
