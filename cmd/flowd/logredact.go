package main

import (
	"bytes"
	"io"
	"regexp"
)

// redactingWriter hides user names and passwords in the URLs of whatever is logged. Those who log do not all know that they do: errors of the SDK and
// of net/http carry the URL of what they asked.
type redactingWriter struct {
	w        io.Writer
	userInfo *regexp.Regexp
}

func redacting(w io.Writer) redactingWriter {
	return redactingWriter{w, regexp.MustCompile(`://[^/?#\s"@]+@`)}
}

// Write takes a whole line, as zap writes it.
func (r redactingWriter) Write(line []byte) (int, error) {
	if !bytes.Contains(line, []byte("://")) {
		return r.w.Write(line)
	}
	if _, err := r.w.Write(r.userInfo.ReplaceAll(line, []byte("://xxxxx@"))); err != nil {
		return 0, err
	}
	return len(line), nil
}
