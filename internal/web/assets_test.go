package web

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestVendoredFilesAreWhatWasRecorded compares what is embedded with assets/vendor/SHA256SUMS, both ways.
func TestVendoredFilesAreWhatWasRecorded(t *testing.T) {
	sums, err := embedded.ReadFile("assets/vendor/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[string]string{}
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		recorded[name] = sum
	}
	files, err := embedded.ReadDir("assets/vendor")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files, %v; want uPlot, its style, its licence and the sums", len(files), err)
	}
	for _, f := range files {
		if f.Name() == "SHA256SUMS" || f.Name() == "README.md" {
			continue
		}
		content, err := embedded.ReadFile("assets/vendor/" + f.Name())
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); err != nil || got != recorded[f.Name()] {
			t.Errorf("%s: got %s, %v, want %q", f.Name(), got, err, recorded[f.Name()])
		}
		delete(recorded, f.Name())
	}
	if len(recorded) != 0 {
		t.Errorf("recorded and not there: %v", recorded)
	}
}

// maxPageBytes is what the page and all that it loads may weigh together, compressed as gzip does by default.
const maxPageBytes = 60_000

// TestThePageIsLight follows what the page loads: scripts, style sheets, pictures, and the modules that scripts import.
func TestThePageIsLight(t *testing.T) {
	cfg, deps := everything()
	s := newServer(t, cfg, deps)
	loads := regexp.MustCompile(`(?:<(?:link|script|img)[^>]*(?:href|src)="|from ")([^"]+)"`)
	total, todo, seen := 0, []string{"/"}, map[string]bool{"/": true}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		w := ask(t, s, http.MethodGet, path)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: got %d", path, w.Code)
		}
		total += len(compressed(w.Body.Bytes()))
		for _, m := range loads.FindAllStringSubmatch(w.Body.String(), -1) {
			next := strings.Replace(m[1], "./", assetPath, 1)
			if !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	t.Logf("the page and %d files that it loads: %d bytes compressed", len(seen)-1, total)
	if total > maxPageBytes {
		t.Errorf("got %d bytes, want at most %d", total, maxPageBytes)
	}
	for _, want := range []string{"/assets/page.js", "/assets/chart.js", "/assets/dom.js", "/assets/style.css", "/assets/vendor/uPlot.iife.min.js"} {
		if !seen[want] {
			t.Errorf("%s is not among %v", want, seen)
		}
	}
}

// TestABrowserGetsAssetsCompressed, and whoever does not ask for that gets them plain.
func TestABrowserGetsAssetsCompressed(t *testing.T) {
	cfg, deps := everything()
	s := newServer(t, cfg, deps)
	plain := ask(t, s, http.MethodGet, "/assets/page.js")
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/assets/page.js", http.NoBody)
	r.Header.Set("Accept-Encoding", "gzip, br")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	reader, err := gzip.NewReader(w.Body)
	if err != nil || w.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("got encoding %q, %v", w.Header().Get("Content-Encoding"), err)
	}
	content, err := io.ReadAll(reader)
	if err != nil || string(content) != plain.Body.String() || plain.Header().Get("Content-Encoding") != "" {
		t.Errorf("compressed and plain differ, or reading failed: %v", err)
	}
}

// TestNothingIsCompressedBeforeABrowserAsks, because that would be most of what a start takes: by the memory of it, which one compressor alone has more of.
func TestNothingIsCompressedBeforeABrowserAsks(t *testing.T) {
	const most = 1_000_000
	cfg, deps := everything()
	least := uint64(math.MaxUint64) // Of a few: others may allocate beside.
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		newServer(t, cfg, deps)
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least > most {
		t.Errorf("a server takes %d bytes before it serves, want at most %d", least, most)
	}
}

// TestTheAPIDocumentNamesEveryPath, and none that is not there.
func TestTheAPIDocumentNamesEveryPath(t *testing.T) {
	cfg, deps := everything()
	s := newServer(t, cfg, deps)
	var document struct{ Paths map[string]any }
	if err := yaml.Unmarshal(ask(t, s, http.MethodGet, openAPIPath).Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	documented, served := slices.Sorted(maps.Keys(document.Paths)), slices.Sorted(maps.Keys(s.api()))
	if !slices.Equal(documented, served) || len(served) < 9 {
		t.Errorf("documented: %v\nserved: %v", documented, served)
	}
}
