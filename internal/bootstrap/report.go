package bootstrap

import (
	"fmt"
	"strings"
)

// Report is everything that a person needs after the set-up: what there is, the flags of `flowd run`, the policy of its role, and the cost.
func (r Result) Report() string {
	var b strings.Builder
	left := r.leftToDo()
	if left == "" {
		b.WriteString("The set-up is complete.\n\n")
	} else {
		b.WriteString("Everything that flowd makes is there. What only the owner of a key can do is below.\n\n")
	}
	row := func(name, value string) { fmt.Fprintf(&b, "  %-18s %s\n", name, value) }
	row("bucket", r.Bucket)
	for _, p := range r.Prefixes {
		row("objects below", p+", kept "+r.kept())
	}
	row("queue", r.QueueURL)
	row("dead-letter queue", r.DeadLetterQueueURL)
	for i, id := range r.FlowLogIDs {
		row("flow log", id+" of "+r.cfg.ResourceIDs[i])
	}
	b.WriteString(left)
	if len(r.FlowLogIDs) > 0 {
		b.WriteString("\nThe first records arrive about ten minutes after a flow log was made.")
	}
	b.WriteString("\nRun flowd with:\n\n  flowd run")
	for _, f := range r.RunFlags() {
		b.WriteString(" \\\n    " + quoted(f))
	}
	b.WriteString("\n\nThis is the least that its role needs:\n\n" + r.RuntimePolicy())
	fmt.Fprintf(&b, "\nA start with --bootstrap also reads the set-up, for which the role needs:\n\n%s", r.cfg.SetupPolicy(true))
	b.WriteString("\nCost, " + r.CostEstimate().String())
	return b.String()
}

// leftToDo is what only the owner of a key can do; empty without one.
func (r Result) leftToDo() string {
	var b strings.Builder
	if key := r.found.bucketKey; key != "" {
		b.WriteString("\nLeft to do: " + r.cfg.objectKeyAdvice(key) + "\n")
	}
	if key := r.found.queueKey; key != "" {
		b.WriteString("\nLeft to do: " + r.cfg.queueKeyAdvice(key) + "\n")
	}
	return b.String()
}

func (r Result) kept() string {
	if r.cfg.Retention == 0 {
		return "for ever (--bootstrap.retention=400d would delete them after 400 days)"
	}
	return r.cfg.kept()
}

// quoted is an argument as a shell takes it.
func quoted(s string) string {
	if strings.ContainsAny(s, " '\"$&;()<>|*?") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
