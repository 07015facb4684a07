package flowd_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThreatsAreTested: every test that SECURITY.md names exists, every test that is named for a threat is in it, and no threat has none.
func TestThreatsAreTested(t *testing.T) {
	page, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	exist := map[string]bool{}
	err = filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			exist[string(m[1])] = true
		}
		return err
	})
	if err != nil || len(exist) < 100 {
		t.Fatalf("found %d tests, %v", len(exist), err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(page, -1) {
		if named[string(m[1])] = true; !exist[string(m[1])] {
			t.Errorf("SECURITY.md names %s, which does not exist", m[1])
		}
	}
	for name := range exist {
		if regexp.MustCompile(`^TestT\d\d_`).MatchString(name) && !named[name] {
			t.Errorf("SECURITY.md does not name %s", name)
		}
	}
	const threats = 15 // T1 to T14, and T18: the others are about building and releasing.
	if rows := regexp.MustCompile("(?m)^\\| T\\d+ \\|.*`Test\\w+`.*\\|$").FindAll(page, -1); len(rows) != threats {
		t.Errorf("got %d threats with a test, want %d", len(rows), threats)
	}
}
