package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"flowd/internal/flowgen"
)

// generateCommand writes flow log files, or makes the traffic that somebody's real flow logs will show.
type generateCommand struct {
	Dir             string `placeholder:"DIR" help:"Write flow log files, and their golden totals, below this directory."`
	Target          string `placeholder:"URL" help:"Make HTTP traffic against this URL instead. Redirects are not followed: nothing else is spoken to."`
	generateFiles   `group:"Flow log files"`
	generateTraffic `group:"HTTP traffic, with --target"`
	output
}

// Help describes golden.json, which is there for programs.
func (c *generateCommand) Help() string {
	return `With --dir it writes flow log files in the key layout of AWS, and golden.json: the totals that every flowd command must come to for them.
The same flags write the same bytes. Files that exist are not overwritten without --force.

golden.json is one object:

  generated              the flags that wrote it
  files, bytes, compressed_bytes, records, log_status, malformed, actions
                         as in "flowd analyze --output=json"; bytes are those of the text
  flow, interface, port  one entry for each label set of flowd_flow_…, flowd_interface_… and flowd_port_…, in the order of their labels;
                         port has the ports that --metrics.ports lists by default
  rankings               what each ranking of flowd_top_… has to share out
  record_ages            observations of flowd_record_age_seconds
  source_bytes           bytes by srcaddr, the most first

With --target it makes HTTP requests, each on a connection of its own, so that the flow logs of that server have something to show. It ends
with totals, early on Ctrl-C, and with exit code 1 when no request was answered with a status below 400.`
}

// Run does one of the two.
func (c *generateCommand) Run(ctx context.Context, line *commandLine, to streams) error {
	if err := c.choice(line); err != nil {
		return usageError{line.origins.explain(err)}
	}
	if c.Target != "" {
		return c.makeTraffic(ctx, line, to)
	}
	return c.writeFiles(ctx, line, to)
}

// choice wants one of the two modes, and no flag of the other one: whoever wrote it expects it to do something.
func (c *generateCommand) choice(line *commandLine) error {
	switch {
	case c.Dir == "" && c.Target == "":
		return errors.New("dir is missing: name the directory to write to, or with --target the URL to make traffic against")
	case c.Dir != "" && c.Target != "":
		return errors.New("dir and --target are both set: choose one")
	}
	var errs []error
	for _, flag := range line.context.Selected().Flags {
		if flag.Group != nil && line.origins.of(flag.Name) == fromFlag && strings.Contains(flag.Group.Key, "--target") != (c.Target != "") {
			errs = append(errs, fmt.Errorf("%s has no meaning with --%s", flag.Name, map[bool]string{true: "target", false: "dir"}[c.Target != ""]))
		}
	}
	return errors.Join(errs...)
}

// formatNames are the values of --format, as kong lists them.
func formatNames() string { return strings.Join(flowgen.FormatNames(), ",") }

// nonZero lists the counts that are above 0, by name, for a line of a report.
func nonZero(counts map[string]uint64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// liveLine is a line of progress that is written again and again, for a person who watches: elsewhere it shows nothing.
type liveLine struct {
	w    io.Writer
	live bool
}

func newLiveLine(w io.Writer) liveLine {
	return liveLine{w, isTerminal(w) && os.Getenv("TERM") != "dumb"}
}

// lineWidth blanks what is left of a longer line, without codes that some terminals print.
const lineWidth = 79

func (l liveLine) show(format string, args ...any) {
	if l.live {
		fmt.Fprintf(l.w, "\r%-*s", lineWidth, fmt.Sprintf(format, args...))
	}
}

func (l liveLine) clear() {
	if l.live {
		fmt.Fprintf(l.w, "\r%-*s\r", lineWidth, "")
	}
}
