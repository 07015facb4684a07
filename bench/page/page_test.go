package page

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyWhatIsBetweenTheMarkersChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# Title\n<!-- b: begin -->\nold\n<!-- b: end -->\nlast\n")
	for _, result := range []string{"new\n", "newer"} {
		if err := Rewrite(path, "b", result); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile(path)
	if want := "# Title\n<!-- b: begin -->\nnewer\n<!-- b: end -->\nlast\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, broken := range []string{"", "<!-- b: begin -->", "<!-- b: end --> <!-- b: begin -->", "<!-- a: begin --> <!-- a: end -->"} {
		write(broken)
		if err := Rewrite(path, "b", "x"); err == nil {
			t.Errorf("%q: got nil, want an error", broken)
		}
		if got, _ := os.ReadFile(path); string(got) != broken {
			t.Errorf("got %q, want it left alone: %q", got, broken)
		}
	}
}
