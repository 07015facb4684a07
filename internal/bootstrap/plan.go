package bootstrap

import (
	"context"
	"fmt"
	"strings"
)

// Step is one thing that is missing, and what is done about it: one write call.
type Step struct {
	Resource string // What it is about, such as "bucket flowd-logs".
	Action   string // What will be done, in words.
	apply    func(ctx context.Context) error
}

// String is the step in a line, for people.
func (s Step) String() string { return s.Resource + ": " + s.Action }

// Plan is what one reading of the account found. It is a value: it does not change when the account does.
type Plan struct {
	Found    []string // What is there already and stays, in words.
	Steps    []Step   // What is missing, in the order in which it must be made. None means that nothing is missing.
	Notes    []string // What flowd chose for a step, and why.
	Warnings []string // What a person should know or do besides; it does not stop Apply.

	found *facts // nil in a plan that no reading made.
}

// facts are what a reading found out and the result needs.
type facts struct {
	queueURL, deadLetterURL string
	bucketKey, queueKey     string            // Customer keys, if any: an ARN; of the queue also a key ID or alias.
	flowLogs                map[string]string // Flow log ID by resource ID.
}

// String is the plan for a person to check.
func (p Plan) String() string {
	var b strings.Builder
	section(&b, "There already:", p.Found)
	if len(p.Steps) > 0 {
		b.WriteString("To be done:\n")
		b.WriteString(numbered(p.Steps, 1))
	}
	section(&b, "Chosen, and why:", p.Notes)
	section(&b, "Mind:", p.Warnings)
	if len(p.Steps) == 0 {
		b.WriteString("Nothing is missing.\n")
	}
	return b.String()
}

func section(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString(title + "\n")
	for _, line := range lines {
		fmt.Fprintf(b, "   - %s\n", strings.ReplaceAll(line, "\n", "\n     "))
	}
}

// numbered lists steps by the numbers that they have in the plan.
func numbered(steps []Step, first int) string {
	var b strings.Builder
	for i, s := range steps {
		fmt.Fprintf(&b, "  %2d. %s\n", first+i, s)
	}
	return b.String()
}
