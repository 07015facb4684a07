package main

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/alecthomas/kong"
)

// grammarOf is what kong knows of a command line with those arguments.
func grammarOf(t *testing.T, args ...string) *kong.Application {
	t.Helper()
	parser, err := newParser(new(commands), io.Discard, io.Discard, only(args))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

// described is everything that a command and those below it show and take.
func described(node *kong.Node) (lines []string) {
	lines = append(lines, fmt.Sprintf("%s|%s|%s|%v", node.Path(), node.Help, node.Detail, node.Hidden))
	for _, flag := range node.Flags {
		lines = append(lines, fmt.Sprintf("%s|%s|%s|%s|%v|%v", flag.Name, flag.Help, flag.Default, flag.Enum, flag.Envs, flag.Required))
	}
	for _, argument := range node.Positional {
		lines = append(lines, fmt.Sprintf("%s|%s|%s|%v", argument.Name, argument.Help, argument.Enum, argument.Required))
	}
	for _, child := range node.Children {
		lines = append(lines, described(child)...)
	}
	return lines
}

// childOf is a command, or one without anything when it is not there.
func childOf(app *kong.Application, name string) *kong.Node {
	i := slices.IndexFunc(app.Children, func(n *kong.Node) bool { return n.Name == name })
	if i < 0 {
		return new(kong.Node)
	}
	return app.Children[i]
}

// TestCommandsAreAsInTheWholeGrammar: what was left out for the sake of time does not show in what was named. A command that reads the configuration
// file, or shows settings, has the service's flags beside it.
func TestCommandsAreAsInTheWholeGrammar(t *testing.T) {
	whole := grammarOf(t)
	if len(whole.Children) < 11 {
		t.Fatalf("got %d commands, want at least 11", len(whole.Children))
	}
	for _, command := range whole.Children {
		own := grammarOf(t, command.Name, "--help")
		if got, want := described(childOf(own, command.Name)), described(command); !slices.Equal(got, want) {
			t.Errorf("%s: got\n%q\nwant\n%q", command.Name, got, want)
		}
		if got, want := described(&kong.Node{Flags: own.Flags}), described(&kong.Node{Flags: whole.Flags}); !slices.Equal(got, want) {
			t.Errorf("%s: got flags of all commands\n%q\nwant\n%q", command.Name, got, want)
		}
		if readsSettings(command) && !slices.Equal(described(childOf(own, "run")), described(childOf(whole, "run"))) {
			t.Errorf("%s: run is not beside it as it is", command.Name)
		}
		if want := command.Name == "completion"; want != (len(own.Children) == len(whole.Children)) || !want && len(own.Children) > 2 {
			t.Errorf("%s: got it in a grammar of %d commands, of %d", command.Name, len(own.Children), len(whole.Children))
		}
	}
}

// readsSettings says whether a command, or one below it, reads the configuration file; the demo has none, and shows its settings.
func readsSettings(node *kong.Node) bool {
	return node.Name == "demo" || slices.ContainsFunc(node.Children, readsSettings) ||
		slices.ContainsFunc(node.Flags, func(f *kong.Flag) bool { return f.Name == configFileFlag })
}

// TestNothingIsLeftOutWithoutACommand, so that help lists all of them and a typing mistake is compared with all.
func TestNothingIsLeftOutWithoutACommand(t *testing.T) {
	want := len(grammarOf(t).Children)
	for _, args := range [][]string{{"--help"}, {"--sqs.queue-name=q", "analyze"}, {"analyse"}, {"Analyze"}, {"check"}, {"version-flag"}, {""}} {
		if got := len(grammarOf(t, args...).Children); got != want {
			t.Errorf("%q: got %d commands, want all %d", args, got, want)
		}
	}
}
