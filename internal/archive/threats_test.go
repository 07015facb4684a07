package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"flowd/internal/inflate"
	"flowd/pkg/parser"
)

// T13 folder of a stranger: devices, pipes and sockets in it are not opened, neither by their names nor through links, and links lead into no other
// folder, so that a walk can neither hang nor leave the folder nor go round.
func TestT13_FoldersHoldOnlyFiles(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "a.log"), nil)
	write(t, filepath.Join(outside, "b.log"), nil)
	pipe := filepath.Join(dir, "pipe.log")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	for name, target := range map[string]string{"zero.log": "/dev/zero", "to-pipe.log": pipe, "up": "..", "self": dir, "outside": outside, "round.log": "round.log"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	got, errs := listed(t, dir, dir)
	if !slices.Equal(got, []string{"a.log"}) {
		t.Errorf("got %q, want the one file", got)
	}
	if len(errs) != 1 || !errors.Is(errs["round.log"], syscall.ELOOP) {
		t.Errorf("got %v, want one error, for the link to itself", errs)
	}
}

// T13 link to a file that is no flow log: it is refused as one for want of a header, and at most the beginning of its first line is told.
func TestT13_ForeignFileIsNotTold(t *testing.T) {
	dir := t.TempDir()
	secret := write(t, filepath.Join(t.TempDir(), "shadow"), []byte("root:"+strings.Repeat("x", 200)+"secret\nsecond line\n"))
	if err := os.Symlink(secret, filepath.Join(dir, "a.log")); err != nil {
		t.Skipf("links are not possible here: %v", err)
	}
	looked := 0
	for file, err := range Files([]string{dir}, nil) {
		looked++
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewReader(parser.ScannerConfig{}, inflate.Fast, nil).Read(t.Context(), file, func(*parser.Record, error) bool {
			t.Error("a line of it was taken for a record")
			return true
		})
		if !errors.Is(err, parser.ErrHeader) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "second") {
			t.Errorf("got %v, want no header, and no more of the file", err)
		}
	}
	if looked != 1 {
		t.Fatalf("looked at %d files, want 1", looked)
	}
}

// T13 pipe that is named: whoever names it means it, and it is read as standard input is.
func TestT13_NamedPipeIsRead(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "p")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- os.WriteFile(pipe, []byte("text"), 0o600) }()
	for file, err := range Files([]string{pipe}, nil) {
		if err != nil {
			t.Fatal(err)
		}
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || string(text) != "text" || r.Close() != nil {
			t.Errorf("got %q, %v, want the text", text, err)
		}
	}
	if err := <-done; err != nil && !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}
