package flowd_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// faultTest is a test that is named for a fault of the catalogue: TestF40_GzipBomb, with a comment `F40 gzip bomb: what flowd does.`
type faultTest struct{ id, fault, does, test string }

const faultsIntro = `# Faults

Generated from the tests by ` + "`make docs`" + `; a test fails when it is stale. Each row is a fault that was thought through, what flowd does when it happens, and the
test that makes it happen. Names of metrics and reasons are in [metrics.md](metrics.md) and [operating.md](operating.md).

| fault | | what flowd does | test |
|---|---|---|---|
`

// faultsOutro says why, where something else could be expected.
const faultsOutro = `
## Why so

Where a reader may expect something else:

- **No bad object or line is thrown away** (F10, F17, F32, F46). A message that cannot be counted goes to the dead-letter queue, where a person looks at it. flowd
  deletes none by itself, so without a dead-letter queue it does not start.
- **Malformed lines never fail their object** (F41, F46): the good lines of that object would be missing from the totals, and nobody could mend a file that AWS
  wrote. Their share is there to watch instead: ` + "`flowd_records_malformed_total`" + ` beside ` + "`flowd_records_read_total`" + `.
- **Nothing is restarted inside the process** (F53, F70). A goroutine that is stuck cannot be ended, and what it holds cannot be known. flowd says that it is not
  healthy, and whatever supervises it starts another process, which loses nothing.
- **Any number of panics is no reason to exit** (F69). Somebody who can write to the bucket could keep flowd from counting all other objects. Each
  panic costs its own object, and the memory it was read with.
- **Nobody waits for a last scrape** (F67). What is exposed is on disk, so that the next process shows it too.
- **Label sets leave after an idle day** (F80). Every family is bounded, and places that are never given back would end with everything under ` + "`other`" + `. They start at
  0 when they return, which ` + "`increase()`" + ` takes for what it is.
- **Changed settings begin no new count** (F64): a counter that starts anew would hide what it had counted since the last scrape.
`

// TestGeneratedDocsFaults collects the tests and writes them down.
func TestGeneratedDocsFaults(t *testing.T) {
	all := faultTests(t)
	var page strings.Builder
	page.WriteString(faultsIntro)
	for _, f := range all {
		fmt.Fprintf(&page, "| %s | %s | %s | `%s` |\n", f.id, f.fault, f.does, f.test)
	}
	page.WriteString(faultsOutro)
	const path = "docs/faults.md"
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != page.String() {
		t.Errorf("%s is not what the tests say now: write it again with `make docs`", path)
	}
}

// faults is how many the catalogue has, and later those that have no test named for them yet, because what they are about is not built (F85 to F91,
// F93). Whoever writes a test takes its fault off the list.
const faults = 93

func later() []string {
	return []string{"F85", "F86", "F87", "F88", "F89", "F90", "F91", "F93"}
}

// TestEveryFaultHasATest fails when a fault loses its test, or when one on the list of later ones has got it.
func TestEveryFaultHasATest(t *testing.T) {
	tested := map[string]bool{}
	for _, f := range faultTests(t) {
		tested[f.id] = true
	}
	for n := 1; n <= faults; n++ {
		id := fmt.Sprintf("F%02d", n)
		switch waiting := slices.Contains(later(), id); {
		case !tested[id] && !waiting:
			t.Errorf("no test is named for %s", id)
		case tested[id] && waiting:
			t.Errorf("%s has a test: take it off the list of later ones", id)
		}
	}
}

func faultTests(t *testing.T) (all []faultTest) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, "_test.go") {
			files++
			all = append(all, faultTestsOf(t, path)...)
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Fatalf("looked at %d test files, %v", files, err)
	}
	slices.SortFunc(all, func(a, b faultTest) int { return strings.Compare(a.id+a.test, b.id+b.test) })
	return all
}

func faultTestsOf(t *testing.T, path string) (found []faultTest) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	name, comment := regexp.MustCompile(`^Test(F\d\d)_`), regexp.MustCompile(`(?s)^(F\d\d) ([^:]+): (.+)$`)
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || !name.MatchString(f.Name.Name) {
			continue
		}
		id := name.FindStringSubmatch(f.Name.Name)[1]
		parts := comment.FindStringSubmatch(strings.Join(strings.Fields(f.Doc.Text()), " "))
		if parts == nil || parts[1] != id {
			t.Errorf("%s: the comment of %s does not say `%s fault: what flowd does.`", path, f.Name.Name, id)
			continue
		}
		found = append(found, faultTest{id, parts[2], strings.ReplaceAll(parts[3], "|", `\|`), f.Name.Name})
	}
	return found
}
