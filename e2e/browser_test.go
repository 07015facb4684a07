package e2e

import (
	"bytes"
	"image"
	_ "image/png" // Screenshots.
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// browse opens a page in headless Chromium, and returns what Chromium prints and what it complains of.
func browse(t *testing.T, chromium string, args ...string) (out, complaints string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), chromium, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
		"--hide-scrollbars", "--enable-logging=stderr", "--user-data-dir=" + t.TempDir(),
	}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("running %s: %v\n%s", chromium, err, stderr.String())
	}
	var bad []string
	for line := range strings.Lines(stderr.String()) {
		if strings.Contains(line, "CONSOLE") || strings.Contains(line, "Content Security Policy") {
			bad = append(bad, line)
		}
	}
	return stdout.String(), strings.Join(bad, "")
}

// TestThePageInABrowser opens the page of a demo that counts: it must be filled, have no complaint of the browser, and lead nowhere that is not there.
func TestThePageInABrowser(t *testing.T) {
	t.Parallel()
	chromium := needs(t, "chromium")
	d := demo(t, freeAddress(t))
	d.until("objects to be counted", func() bool { return strings.Contains(d.stdout.String(), "objects 1 of") })
	dom, complaints := browse(t, chromium, "--dump-dom", d.url+"/")
	if complaints != "" {
		t.Errorf("the browser complains: %s", complaints)
	}
	for _, want := range []string{`class="state ready"`, "on disk", "/flowd</code>"} {
		if !strings.Contains(dom, want) {
			t.Errorf("%q is not in the page:\n%s", want, dom)
		}
	}
	links := regexp.MustCompile(`<a href="([^"]+)"`).FindAllStringSubmatch(dom, -1)
	for _, link := range links {
		response, err := http.Get(d.url + link[1])
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("link %s: got %s, want 200", link[1], response.Status)
		}
	}
	if len(links) < 5 {
		t.Errorf("looked at %d links, want at least 5", len(links))
	}
	for _, size := range []string{"360,740", "1440,900"} {
		checkPicture(t, chromium, d.url+"/", size)
	}
	d.signal(os.Interrupt)
	if code := d.end(); code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
}

// checkPicture takes a screenshot and wants more on it than one colour.
func checkPicture(t *testing.T, chromium, url, size string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.png")
	browse(t, chromium, "--window-size="+size, "--screenshot="+path, url)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[3]uint32]bool{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y += 3 {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x += 3 {
			r, g, b, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	if len(seen) < 10 {
		t.Errorf("a picture of %s has %d colours, want text and cards", size, len(seen))
	}
}
