package flowd_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestGoroutinesAreLookedFor: a package that starts goroutines has tests that fail when one of them is left (goleak).
func TestGoroutinesAreLookedFor(t *testing.T) {
	starts, looks := map[string]bool{}, map[string]bool{}
	for _, room := range []string{"cmd", "internal", "pkg"} {
		err := filepath.WalkDir(room, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			if dir := filepath.Dir(path); strings.HasSuffix(path, "_test.go") {
				looks[dir] = looks[dir] || imports(file, `"go.uber.org/goleak"`)
			} else {
				starts[dir] = starts[dir] || startsGoroutines(file)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	for dir, goroutines := range starts {
		if goroutines {
			found++
		}
		if goroutines && !looks[dir] {
			t.Errorf("%s starts goroutines, and none of its tests looks for those that are left", dir)
		}
	}
	if found < 6 {
		t.Errorf("only %d packages start goroutines: nobody looked", found)
	}
}

func imports(file *ast.File, path string) bool {
	for _, i := range file.Imports {
		if i.Path.Value == path {
			return true
		}
	}
	return false
}

// startsGoroutines knows the statement, and the method of groups that does the same.
func startsGoroutines(file *ast.File) (found bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = true
		case *ast.SelectorExpr:
			found = found || n.Sel.Name == "Go"
		}
		return !found
	})
	return found
}
