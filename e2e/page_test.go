package e2e

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// counting is a demo that has counted for long enough to fill every part of the page. Two scrapes let new counters begin.
func counting(t *testing.T) *flowd {
	t.Helper()
	d := demo(t, freeAddress(t), "--interval=500ms")
	d.until("objects to be counted", func() bool { return regexp.MustCompile(`objects [5-9]`).MatchString(d.stdout.String()) })
	d.until("every family to be in a scrape", func() bool { return len(d.missing()) == 0 })
	return d
}

// TestThePageInABrowser opens the page of a flowd that counts real objects, at three widths, light and dark: tiles, chart, rankings and pipeline
// are filled, the browser complains of nothing, nothing is wider than the window, and axe-core finds nothing.
func TestThePageInABrowser(t *testing.T) {
	t.Parallel()
	b, d := startBrowser(t), counting(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, size := range [][2]int64{{360, 740}, {800, 1000}, {1440, 900}} {
			where := fmt.Sprintf("page-%d-%s", size[0], scheme)
			b.look(size[0], size[1], scheme)
			b.open(d.url + "/")
			b.filled(where)
			b.noComplaints(where)
			b.keep(where)
			b.accessible(where)
		}
	}
	b.keyboard()
	d.signal(os.Interrupt)
	if code := d.end(); code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
	b.until("the page to say that nobody answers", `document.querySelector("#verdict").dataset.state === "unreachable"`)
}

// open waits until the script has brought the page up to date.
func (b *browser) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
	b.until("the page to be fresh", `Number(document.documentElement.dataset.fresh) > 0`)
}

// filled wants something in every part of the page.
func (b *browser) filled(where string) {
	b.t.Helper()
	for what, expression := range map[string]string{
		"state":         `document.querySelector("#state").textContent === "ready"`,
		"verdict":       `document.querySelector("#sentence").textContent.length > 10`,
		"tiles":         `[..."flows rejects bytes lag".split(" ")].length > 0 && ["flows", "rejects", "bytes", "lag"].every((n) => /[1-9]/.test(document.querySelector("#tile-" + n + " .value").textContent))`,
		"coverage":      `document.querySelectorAll("#coverage dd .records").length === 3 && parseInt(document.querySelector("#coverage .records").textContent) > 0`,
		"chart":         inked,
		"chart's words": `document.querySelector("#plot").getAttribute("aria-label").includes("accepted")`,
		"table":         `document.querySelectorAll("#periods tr td:nth-child(2)").length > 0`,
		"rankings":      `[...document.querySelectorAll(".ranking")].length === 7 && [...document.querySelectorAll(".ranking")].every((r) => r.querySelectorAll("tbody a").length >= 3)`,
		"one ranking":   `[...document.querySelectorAll(".ranking")].filter((r) => r.offsetHeight > 0).length === 1`,
		"pipeline":      `[...document.querySelectorAll("#stages .where")].length === 5 && [...document.querySelectorAll("#stages .where")].every((w) => /[0-9]/.test(w.textContent))`,
		"width":         `document.documentElement.scrollWidth <= innerWidth`,
	} {
		if !ask[bool](b, expression) {
			b.t.Errorf("%s: %s: not as it should be", where, what)
		}
	}
}

// inked says whether both lines of the chart are on its canvas: a good number of points have their colours.
const inked = `(() => {
	const css = getComputedStyle(document.documentElement), canvas = document.querySelector("#plot canvas");
	const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
	return ["--accept", "--reject"].every((name) => {
		const hex = css.getPropertyValue(name).trim(), want = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
		let points = 0;
		for (let i = 0; i < data.length; i += 4) if (want.every((v, j) => Math.abs(data[i + j] - v) < 12) && data[i + 3] > 200) points++;
		return points > 40;
	});
})()`

// keep stores a picture of the page among the artefacts of the test, and wants more on it than one colour.
func (b *browser) keep(name string) {
	b.t.Helper()
	content := get(b, chromedp.FullScreenshot(100))
	path := filepath.Join(b.t.ArtifactDir(), name+".png")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		b.t.Fatal(err)
	}
	seen := map[[3]uint32]bool{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y += 3 {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x += 3 {
			r, g, b, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	if len(seen) < 10 {
		b.t.Errorf("%s has %d colours, want text, cards and a chart", path, len(seen))
	}
}

// keyboard chooses a ranking and reads a minute of the chart without a pointer.
func (b *browser) keyboard() {
	b.t.Helper()
	b.do(chromedp.Focus(chromedp.CSS(`input[name="ranking"]:checked`)), chromedp.KeyEvent(kb.ArrowRight))
	if !ask[bool](b, `document.querySelector('input[value="interface_bytes"]').checked && document.querySelector('[data-ranking="interface_bytes"]').offsetHeight > 0`) {
		b.t.Error("the arrow key does not choose the next ranking")
	}
	b.do(chromedp.Focus(chromedp.CSS("#plot")), chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowLeft))
	if text := ask[string](b, `document.querySelector("#readout").textContent`); !regexp.MustCompile(`^\d\d:\d\d UTC.*accepted .*/s, rejected`).MatchString(text) {
		b.t.Errorf("the arrow keys read out %q, want a minute", text)
	}
	b.quiet("keyboard")
}

// TestThePagesWithoutJavaScript has the same numbers, as tables, and links that lead somewhere.
func TestThePagesWithoutJavaScript(t *testing.T) {
	t.Parallel()
	b, d := startBrowser(t), counting(t)
	b.look(800, 1000, "light")
	b.withoutScript()
	b.do(chromedp.Navigate(d.url + "/"))
	for what, selector := range map[string]string{
		"a row of the table of minutes": "#periods td", "a tile": "#tile-flows .value", "a talker": `[data-ranking="top_source"] tbody a`, "a stage": "#stages .where",
	} {
		b.do(chromedp.WaitVisible(chromedp.CSS(selector)))
		if strings.TrimSpace(get(b, chromedp.Text(chromedp.CSS(selector)))) == "" {
			t.Errorf("%s is not to be seen", what)
		}
	}
	b.keep("page-without-javascript")
	b.do(chromedp.Click(chromedp.CSS(`input[value="top_rejected_port"]`)), chromedp.WaitVisible(chromedp.CSS(`[data-ranking="top_rejected_port"]`)))
	b.do(chromedp.Click(chromedp.CSS(`[data-ranking="top_rejected_port"] tbody a`)), chromedp.WaitVisible(chromedp.CSS("pre")))
	command := get(b, chromedp.Text(chromedp.CSS("pre")))
	if !regexp.MustCompile(`flowd search --protocol=\w+ --dstport=\d+ --action=reject --from=\S+ flow-logs`).MatchString(command) {
		t.Errorf("the command of a rejected port: got %q", command)
	}
	b.noComplaints("without JavaScript")
}

// TestTalkerAndStatusInABrowser follows the first talker to its history, and looks at the status; every link of both leads somewhere.
func TestTalkerAndStatusInABrowser(t *testing.T) {
	t.Parallel()
	b, d := startBrowser(t), counting(t)
	b.open(d.url + "/")
	link := ask[string](b, `document.querySelector('[data-ranking="top_source"] tbody a').href`)
	d.until("a talker to have a history", func() bool {
		return regexp.MustCompile(`"value":[1-9]`).Match(body(t, strings.Replace(link, "/talker", "/api/v1/history", 1)))
	})
	for _, scheme := range []string{"light", "dark"} {
		for name, url := range map[string]string{"talker": link, "status": d.url + "/status"} {
			where := name + "-" + scheme
			b.look(360, 740, scheme)
			b.do(chromedp.Navigate(url))
			if !ask[bool](b, `document.documentElement.scrollWidth <= innerWidth`) {
				t.Errorf("%s is wider than a phone", where)
			}
			b.look(1440, 900, scheme)
			b.noComplaints(where)
			b.keep(where)
			b.accessible(where)
		}
	}
	b.do(chromedp.Navigate(link))
	if !ask[bool](b, `document.querySelectorAll(".history rect").length > 0 && document.querySelector("pre").textContent.includes("flowd search --src=")`) {
		t.Error("the talker has no history, or no command")
	}
	b.do(chromedp.Navigate(d.url + "/status"))
	links := ask[[]string](b, `[...document.querySelectorAll("a")].map((a) => a.href)`)
	for _, link := range links {
		if got := status(link); got != http.StatusOK {
			t.Errorf("%s: got %d, want 200", link, got)
		}
	}
	if len(links) < 10 {
		t.Errorf("looked at %d links, want at least 10", len(links))
	}
}
