package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// ErrNoFiles says that a folder has no flow log file in it, nor has any folder below.
var ErrNoFiles = errors.New("there is no flow log file in it")

// File is one flow log file that was found.
type File struct {
	Name string // How messages name it: the path, or [Stdin].
	Size int64  // Bytes as stored; 0 when not known.
	open func() (io.ReadCloser, error)
	// spare says that fewer files than there are cores are read at a time.
	spare bool
}

// Open opens the file. The caller closes it.
func (f File) Open() (io.ReadCloser, error) { return f.open() }

// Files yields the files of the paths, in the order of the paths, and of names within a folder. Folders are walked to their ground: every regular
// file counts, but for hidden ones and those whose names say that they are something else. Links to files are followed, links to folders only
// when they are among the paths.
//
// What cannot be listed is yielded too, with the error and only the Name of the file, and the listing goes on. No more than the names of one folder
// and of those above it are held in memory, so the number of files is not bounded.
func Files(paths []string, stdin io.Reader) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		l := &lister{yield: yield, stdin: stdin}
		for _, path := range paths {
			if !l.path(path) {
				return
			}
		}
	}
}

// lister walks. Its methods are false when the consumer wants no more.
type lister struct {
	yield func(File, error) bool
	stdin io.Reader
	found int // What was yielded.
}

func (l *lister) path(path string) bool {
	if path == Stdin {
		return l.file(File{Name: path, open: func() (io.ReadCloser, error) { return io.NopCloser(l.stdin), nil }})
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return l.fail(path, fmt.Errorf("looking for the file: %w", cause(err)))
	case !info.IsDir():
		return l.file(onDisk(path, info))
	}
	before := l.found
	return l.folder(path) && (l.found > before || l.fail(path, ErrNoFiles))
}

func (l *lister) folder(path string) bool {
	entries, err := os.ReadDir(path) // Sorted by name; with an error, those before it.
	if err != nil && !l.fail(path, fmt.Errorf("listing the folder: %w", cause(err))) {
		return false
	}
	for _, e := range entries {
		if !isForeign(e) && !l.entry(filepath.Join(path, e.Name()), e) {
			return false
		}
	}
	return true
}

func (l *lister) entry(path string, e fs.DirEntry) bool {
	if e.IsDir() {
		return l.folder(path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return l.fail(path, fmt.Errorf("looking for the file: %w", cause(err)))
	case !info.Mode().IsRegular():
		return true
	}
	return l.file(onDisk(path, info))
}

func (l *lister) file(f File) bool {
	l.found++
	return l.yield(f, nil)
}

func (l *lister) fail(path string, err error) bool {
	l.found++
	return l.yield(File{Name: path}, err)
}

func onDisk(path string, info fs.FileInfo) File {
	f := File{Name: path, open: func() (io.ReadCloser, error) { return os.Open(path) }}
	if info.Mode().IsRegular() {
		f.Size = info.Size()
	}
	return f
}

// isForeign tells what lies beside flow logs by its name. A name that says nothing is no reason to leave a file out: data that is missing without
// a word is worse than an error that names the file.
func isForeign(e fs.DirEntry) bool {
	if strings.HasPrefix(e.Name(), ".") {
		return true
	}
	extension := strings.ToLower(filepath.Ext(e.Name()))
	return !e.IsDir() && slices.Contains([]string{".json", ".jsonl", ".md", ".yaml", ".yml", ".html", ".md5", ".sha256"}, extension)
}

// cause is an error of the file system without the path: who reports it names the file.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
