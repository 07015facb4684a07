package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestOperatingKnowsEveryReason: whatever may be the reason of a failure or an outage has a row in docs/operating.md, which says what to do.
func TestOperatingKnowsEveryReason(t *testing.T) {
	page, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{
		"flowd_object_failures_total": "Why an object failed", "flowd_sqs_messages_failed_total": "Why a message failed", "flowd_circuit_open": "Why receiving stopped",
	}
	looked := 0
	for _, f := range serviceFamilies(t) {
		title, ok := sections[f.GetName()]
		if !ok {
			continue
		}
		_, section, found := strings.Cut(string(page), "\n## "+title+"\n")
		if section, _, _ = strings.Cut(section, "\n## "); !found {
			t.Fatalf("docs/operating.md has no section %q", title)
		}
		for _, m := range f.Metric {
			looked++
			reason := m.Label[0].GetValue()
			if !regexp.MustCompile("(?m)^\\|[^|]*`" + reason + "`[^|]*\\|[^|]+\\|[^|]+\\|$").MatchString(section) {
				t.Errorf("docs/operating.md, %q: no row says what to do about %q of %s", title, reason, f.GetName())
			}
		}
	}
	if looked < 30 {
		t.Errorf("looked at %d reasons, want at least 30", looked)
	}
}
