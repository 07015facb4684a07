package main

import (
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"flowd/pkg/ingest"
)

// historyInterval makes a history within a test.
const historyInterval = 50 * time.Millisecond

func freeLoopback(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestTheSearchOfATalkerIsOneThatFlowdTakes gives the words of the command, as a shell splits them, to flowd's own command line.
func TestTheSearchOfATalkerIsOneThatFlowdTakes(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell to split the words of a command")
	}
	const fetch = `aws s3 sync s3://flowd-demo/ flow-logs --exclude='*' --include='*2027*01*14*' --include='*2027*01*15*'`
	midnight := time.Date(2027, 1, 15, 0, 30, 0, 0, time.UTC)
	p := &pageData{options: &serviceOptions{Ingest: ingest.Config{Buckets: []string{"flowd-demo"}}}}
	labels := map[string][]string{
		"top_source": {"10.0.0.1"}, "top_destination": {"2001:db8::1"}, "top_pair": {"10.0.0.1", "10.0.0.2"}, "top_rejected_source": {"10.0.0.1"},
		"top_rejected_port": {"tcp", "22"}, "interface_bytes": {"1", "vpc-1", "subnet-1", "eni-'; touch hacked; '"}, "interface_rejects": {"1", "unknown", "subnet-1", "$(reboot)"},
	}
	for _, w := range rankingsOnPage() {
		lines := strings.Split(p.searchFor(w, labels[w.name], midnight), "\n")
		if len(lines) != 2 || lines[0] != fetch {
			t.Fatalf("%s: got %q, want a line that fetches, and one that searches", w.name, lines)
		}
		words, err := exec.CommandContext(t.Context(), sh, "-c", `printf '%s\n' `+lines[1]).Output()
		if err != nil {
			t.Fatalf("%s: %v", lines[1], err)
		}
		args := strings.Split(strings.TrimSpace(string(words)), "\n")
		line, err := parse(args[1:], t.Output(), t.Output())
		if err != nil {
			t.Errorf("%s: %v", lines[1], err)
			continue
		}
		got := line.context.Selected().Target.Addr().Interface().(*searchCommand)
		if w.rejects != (len(got.Action) == 1) {
			t.Errorf("%s: got actions %v, want rejects: %v", lines[1], got.Action, w.rejects)
		}
		if w.of == "interface" && !slices.Equal(got.Interface, labels[w.name][3:]) {
			t.Errorf("%s: got interface %q, want %q", lines[1], got.Interface, labels[w.name][3])
		}
	}
}

// T09 secrets in the configuration: what is secret by its name is masked on the page and in the API, and so are passwords in what an outage says.
func TestT09_ThePageMasksSecrets(t *testing.T) {
	p := &pageData{options: &serviceOptions{Settings: []setting{
		{"remote-write.password", "hunter2", "default"}, {"web.token", "", "default"}, {"bootstrap.kms-key-arn", "arn:aws:kms:1", "default"}, {"sqs.queue-url", "https://host/1", "default"},
	}}}
	var got []string
	for _, s := range p.settings() {
		got = append(got, s.Value)
	}
	if want := []string{"<secret>", "", "arn:aws:kms:1", "https://host/1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := withoutSecrets("asking https://user:hunter2@host/: refused"); strings.Contains(got, "hunter2") {
		t.Errorf("got %q", got)
	}
}
