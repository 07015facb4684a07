package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

const axeFile = "testdata/axe/axe.min.js"

// TestAxeIsWhatWasRecorded compares axe-core with the recorded checksum.
func TestAxeIsWhatWasRecorded(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(axeFile)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("testdata/axe/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	if want := hex.EncodeToString(sum[:]) + "  axe.min.js"; !strings.Contains(string(sums), want) {
		t.Errorf("%q is not among the recorded sums", want)
	}
}

// judgement is what axe-core found on a page.
type judgement struct {
	Passes     int      `json:"passes"`
	Violations []string `json:"violations"`
}

// accessible wants no violation of WCAG 2.2 AA or of axe's best practices. axe writes markup, which the page's policy forbids, so the policy is
// off for as long as it looks.
func (b *browser) accessible(where string) {
	b.t.Helper()
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		b.t.Fatal(err)
	}
	call(b, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	ask[bool](b, string(axe)+"; true")
	j := ask[judgement](b, `axe.run(document).then((r) => ({
		passes: r.passes.length,
		violations: r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html + " " + n.failureSummary)),
	}))`)
	call(b, page.SetBypassCSP, page.SetBypassCSPParams{})
	b.t.Logf("%s: %d rules of axe-core pass", where, j.Passes)
	for _, v := range j.Violations {
		b.t.Errorf("%s: %s", where, v)
	}
	const least = 15
	if j.Passes < least {
		b.t.Errorf("%s: axe-core found %d rules to judge, want at least %d", where, j.Passes, least)
	}
}
