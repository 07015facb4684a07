package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	dto "github.com/prometheus/client_model/go"
)

// generated holds a page against what the program is now; with UPDATE_DOCS set it writes the page instead.
func generated(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", name)
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/%s is not what the program says now: write it again with `make docs`", name)
	}
}

const metricsIntro = `# Metrics

Generated from the code by ` + "`make docs`" + `; a test fails when it is stale. Names and labels are an API: they change only with a line in the changelog.

Counters move when data **arrives**, in bursts, 5 to 15 minutes after the traffic. Use windows of 15 minutes and more:

` + "```" + `
sum by (vpc_id) (rate(flowd_flow_records_total{action="reject"}[15m]))
` + "```" + `

Durable families continue after a restart: as long as the state survives, they never step back. The others begin at 0 with each process.
A label set that is new is exposed at 0 first. It shows what it counted once a whole scrape has read the 0, or after 90 seconds, so ` + "`increase()`" + ` misses
nothing. Any whole GET of /metrics is such a scrape: two Prometheus servers, or somebody with a browser, can take the 0 from one another.
`

const metricsOutro = `
Beside these stand the Go runtime and process metrics of client_golang (` + "`go_…`, `process_…`" + `) and the scrape metrics of promhttp (` + "`promhttp_…`" + `).

## Sums that hold

- In every scrape, and for each ranking: members + other + departed = everything that the ranking saw. Rankings by bytes saw
  ` + "`sum(flowd_flow_bytes_total)`, rejected rankings `sum(flowd_flow_records_total{action=\"reject\"})`" + `.
- ` + "`sum(flowd_flow_records_total)` = `flowd_records_read_total{log_status=\"ok\"}` = `sum(flowd_interface_records_total)` = `sum(flowd_port_records_total)`" + `, but for label sets
  that left after 24 idle hours and those that have not been read at 0 yet.
`

// labelsOf shows the labels, with their values where those are known in advance.
func labelsOf(f *dto.MetricFamily) string {
	values := map[string]map[string]bool{}
	for _, m := range f.Metric {
		for _, l := range m.Label {
			if values[l.GetName()] == nil {
				values[l.GetName()] = map[string]bool{}
			}
			values[l.GetName()][l.GetValue()] = true
		}
	}
	var out []string
	for _, label := range slices.Sorted(maps.Keys(values)) {
		text := "`" + label + "`"
		if slices.Contains(closed(), label) {
			text += " (" + strings.Join(slices.Sorted(maps.Keys(values[label])), ", ") + ")"
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, ", ")
}

// TestGeneratedDocsFlags describes every command.
func TestGeneratedDocsFlags(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "")
	parser, err := newParser(new(commands), io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	page.WriteString(flagsIntro)
	for _, command := range parser.Model.Children {
		if command.Hidden {
			continue
		}
		fmt.Fprintf(&page, "\n## `%s`\n\n%s\n", command.Summary(), command.Help)
		writeFlags(&page, command)
		for _, part := range command.Children {
			fmt.Fprintf(&page, "\n### `%s`\n\n%s\n", part.Summary(), part.Help)
			writeFlags(&page, part)
		}
	}
	if len(parser.Model.Children) < 5 {
		t.Fatalf("only %d commands", len(parser.Model.Children))
	}
	generated(t, "flags.md", page.String())
}

func writeFlags(page io.Writer, command *kong.Command) {
	if len(command.Flags) == 0 {
		return
	}
	fmt.Fprint(page, "\n| flag | default | environment | meaning |\n|---|---|---|---|\n")
	for _, f := range command.Flags {
		value := f.Default
		if value == "" && f.IsBool() {
			value = "false"
		}
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(page, "| `--%s` | %s | `%s` | %s |\n", f.Name, value, strings.Join(f.Envs, "`, `"), strings.ReplaceAll(f.Help, "|", `\|`))
	}
}

const flagsIntro = `# Flags

Generated from the code by ` + "`make docs`" + `; a test fails when it is stale. Flags and environment variables are an API: they change only with a line in the changelog.

A flag comes before its environment variable, that before the configuration file (` + "`--config.file`" + `), and that before the default. The keys of the
file are the names of the flags of ` + "`flowd run`" + `, nested at the dots; a key that flowd does not know is an error:

` + "```yaml" + `
sqs:
  queue-name: flowd
s3:
  bucket: [my-flow-logs]
metrics:
  top-k: 30
` + "```" + `

` + "`flowd check-config`" + ` shows the effective value of each, and where it comes from. On SIGHUP, or POST /-/reload with ` + "`--web.enable-lifecycle`" + `, environment and file are read
again: the log level changes at once, and the log names every other change that needs a restart. Exit codes: 0, 1 for a failure at run time, 2 for a mistake in
flags, environment or file.
`
