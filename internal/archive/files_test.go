package archive

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is what Files yields: names relative to dir, and the errors.
func listed(t *testing.T, dir string, paths ...string) (names []string, errs map[string]error) {
	t.Helper()
	errs = map[string]error{}
	for file, err := range Files(paths, nil) {
		name, relative := strings.CutPrefix(file.Name, dir+string(filepath.Separator))
		if !relative {
			name = file.Name
		}
		if err != nil {
			errs[name] = err
			continue
		}
		names = append(names, name)
	}
	return names, errs
}

func TestFilesOfAFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"b.log.gz", "a.log", "2026/01/02/z.gz", "2026/01/02/no-extension", "2026/01/10/k.log.parquet", "c.csv", "broken.zst",
		".hidden.log.gz", ".git/objects/x.log.gz", "golden.json", "README.md", "sums.SHA256",
	} {
		write(t, filepath.Join(dir, name), []byte("x"))
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	got, errs := listed(t, dir, dir)
	want := []string{"2026/01/02/no-extension", "2026/01/02/z.gz", "2026/01/10/k.log.parquet", "a.log", "b.log.gz", "broken.zst", "c.csv"}
	if !slices.Equal(got, want) || len(errs) > 0 {
		t.Errorf("got %q and %v, want %q and no error", got, errs, want)
	}
}

func TestWhatIsNamedIsReadWhateverItsName(t *testing.T) {
	dir := t.TempDir()
	a, b := write(t, filepath.Join(dir, ".hidden.json"), nil), write(t, filepath.Join(dir, "b.log"), []byte("12345"))
	got, errs := listed(t, dir, b, a, Stdin, b)
	if want := []string{"b.log", ".hidden.json", "-", "b.log"}; !slices.Equal(got, want) || len(errs) > 0 {
		t.Errorf("got %q and %v, want %q, in that order", got, errs, want)
	}
	for file := range Files([]string{b}, nil) {
		if file.Size != 5 {
			t.Errorf("got a size of %d, want 5", file.Size)
		}
	}
}

func TestLinks(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	write(t, filepath.Join(elsewhere, "target.log"), []byte("123"))
	for name, target := range map[string]string{
		"file.log": filepath.Join(elsewhere, "target.log"), "folder": elsewhere, "loop": dir, "gone.log": filepath.Join(elsewhere, "none"),
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skipf("links are not possible here: %v", err)
		}
	}
	got, errs := listed(t, dir, dir)
	if !slices.Equal(got, []string{"file.log"}) || len(errs) != 1 || !errors.Is(errs["gone.log"], fs.ErrNotExist) {
		t.Errorf("in a folder: got %q and %v, want the linked file, and an error for the link to nothing", got, errs)
	}
	if got, errs = listed(t, dir, filepath.Join(dir, "folder")); !slices.Equal(got, []string{"folder/target.log"}) {
		t.Errorf("a link that is named: got %q and %v, want the file in the folder", got, errs)
	}
}

func TestWhatCannotBeListed(t *testing.T) {
	dir := t.TempDir()
	good := write(t, filepath.Join(dir, "good.log"), nil)
	empty := filepath.Join(dir, "empty")
	if err := os.MkdirAll(filepath.Join(empty, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(empty, "below", "notes.md"), nil)
	got, errs := listed(t, dir, filepath.Join(dir, "none"), empty, good)
	if !slices.Equal(got, []string{"good.log"}) {
		t.Errorf("got %q, want what comes after the errors", got)
	}
	if !errors.Is(errs["none"], fs.ErrNotExist) || !errors.Is(errs["empty"], ErrNoFiles) || len(errs) != 2 {
		t.Errorf("got %v, want one error for what is not there, and one for the folder without files", errs)
	}
	if text := errs["none"].Error(); strings.Contains(text, dir) {
		t.Errorf("got %q, want no path in it: who reports it names the file", text)
	}
}

func TestWhatIsNoFileIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.log"), nil)
	socket, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Skipf("no sockets here: %v", err)
	}
	defer socket.Close()
	if got, errs := listed(t, dir, dir); !slices.Equal(got, []string{"a.log"}) || len(errs) > 0 {
		t.Errorf("got %q and %v, want the file and not the socket", got, errs)
	}
}

func TestUnreadableFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a", "x.log"), nil)
	write(t, filepath.Join(dir, "b.log"), nil)
	if err := os.Chmod(filepath.Join(dir, "a"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "a"), 0o755) })
	if _, err := os.ReadDir(filepath.Join(dir, "a")); err == nil {
		t.Skip("this user may read everything")
	}
	got, errs := listed(t, dir, dir)
	if !slices.Equal(got, []string{"b.log"}) || !errors.Is(errs["a"], fs.ErrPermission) {
		t.Errorf("got %q and %v, want b.log, and an error for a", got, errs)
	}
}

func TestListingStopsWhenNoMoreIsWanted(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/1.log", "a/2.log", "b/3.log"} {
		write(t, filepath.Join(dir, name), nil)
	}
	seen := 0
	for range Files([]string{dir, dir}, nil) {
		if seen++; seen == 2 {
			break
		}
	}
	if seen != 2 {
		t.Errorf("got %d files, want 2", seen)
	}
}

func TestStandardInputIsNotClosed(t *testing.T) {
	for file, err := range Files([]string{Stdin}, strings.NewReader("text")) {
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
}
