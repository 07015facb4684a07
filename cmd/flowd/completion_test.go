package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// nested has what flowd itself may not have yet: a command below a command, files and a word as arguments, and text that shells would read.
type nested struct {
	Run struct {
		Config struct {
			File string `placeholder:"FILE" help:"It's [strict]: YAML with $HOME and a \\."`
		} `embed:"" prefix:"config."`
		Level string   `default:"info" enum:"debug,info" help:"Level."`
		Port  []uint16 `help:"Ports."`
		On    bool     `help:"On."`
	} `cmd:"" default:"withargs" help:"Run it's [main]: job."`
	Ledger struct {
		Check struct {
			File  string `arg:"" help:"A file."`
			Depth int    `help:"How deep."`
		} `cmd:"" help:"Check it."`
		Move struct {
			Dir string `arg:"" help:"A directory."`
		} `cmd:"" help:"Move it."`
	} `cmd:"" help:"Look into the state."`
	Secret struct{} `cmd:"" hidden:"" help:"Not shown."`
}

func completablesOf(t *testing.T, grammar any) []completable {
	t.Helper()
	parser, err := kong.New(grammar, kong.Name("flowd"))
	if err != nil {
		t.Fatal(err)
	}
	return completables(parser.Model)
}

func realCompletables(t *testing.T) []completable {
	t.Helper()
	parser, err := newParser(new(commands), io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return completables(parser.Model)
}

// scriptFile writes a completion script to a file for a shell, and skips the test where that shell is not installed.
func scriptFile(t *testing.T, shell string, all []completable) string {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		t.Skipf("%s is not installed", shell)
	}
	var script strings.Builder
	map[string]func(*strings.Builder, []completable){"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[shell](&script, all)
	path := filepath.Join(t.TempDir(), "flowd."+shell)
	if err := os.WriteFile(path, []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// shellOutput runs a shell, and wants it to say nothing on stderr.
func shellOutput(t *testing.T, name string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), name, args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %q: %v\n%s", name, args, err, stderr.String())
	}
	return stdout.String()
}

func TestCompletionScriptsAreSound(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		for name, all := range map[string][]completable{"flowd": realCompletables(t), "a nested grammar": completablesOf(t, new(nested))} {
			t.Run(shell+" parses the script of "+name, func(t *testing.T) {
				path := scriptFile(t, shell, all)
				if out := shellOutput(t, shell, "-n", path); out != "" {
					t.Errorf("got %q, want silence", out)
				}
			})
		}
	}
}

// TestCompletionKnowsEveryFlag asks bash itself, so that a flag which the script has in a wrong place is missed.
func TestCompletionKnowsEveryFlag(t *testing.T) {
	parser, err := newParser(new(commands), io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	path := scriptFile(t, "bash", completables(parser.Model))
	seen := 0
	for _, leaf := range parser.Model.Leaves(true) {
		got := bashCompletes(t, path, append(strings.Fields("flowd "+commandPath(leaf)), "--"))
		for _, flag := range leaf.Flags {
			seen++
			if !slices.Contains(got, "--"+flag.Name) {
				t.Errorf("flowd %s: --%s is not completed", commandPath(leaf), flag.Name)
			}
		}
	}
	if seen < 40 {
		t.Errorf("saw %d flags only", seen)
	}
}

func bashCompletes(t *testing.T, path string, words []string) []string {
	t.Helper()
	const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _flowd; printf '%s\n' "${COMPREPLY[@]}"`
	return strings.Fields(shellOutput(t, "bash", append([]string{"--norc", "-c", script, "bash", path}, words...)...))
}

func TestBashCompletes(t *testing.T) {
	full := scriptFile(t, "bash", realCompletables(t))
	sub := scriptFile(t, "bash", completablesOf(t, new(nested)))
	dir := t.TempDir()
	for _, name := range []string{"one.yaml", "two.yaml", "three.d/inside"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cases := []struct {
		name, script string
		words        []string // The last one is under the cursor.
		want         []string
	}{
		{"flags by their beginning", full, []string{"flowd", "run", "--sqs."}, []string{"--sqs.queue-name", "--sqs.queue-url", "--sqs.visibility-timeout"}},
		{"flags of the default command", full, []string{"flowd", "--sqs.queue-n"}, []string{"--sqs.queue-name"}},
		{"commands before flags", sub, []string{"flowd", ""}, []string{"ledger", "run"}},
		{"a word that is an argument", full, []string{"flowd", "completion", ""}, []string{"bash", "fish", "zsh"}},
		{"values behind a space", full, []string{"flowd", "run", "--log.level", ""}, []string{"debug", "error", "info", "warn"}},
		{"values behind =, which bash makes a word", full, []string{"flowd", "run", "--log.level", "=", "w"}, []string{"warn"}},
		{"values right behind =", sub, []string{"flowd", "--level", "="}, []string{"debug", "info"}},
		{"flags behind a flag with its value", full, []string{"flowd", "run", "--log.level", "=", "warn", "--state"}, []string{"--state.dir"}},
		{"flags behind a switch", sub, []string{"flowd", "--on", "--lev"}, []string{"--level"}},
		{"a value that is called like a command", sub, []string{"flowd", "--level", "ledger", "--lev"}, []string{"--level"}},
		{"files", full, []string{"flowd", "run", "--config.file", filepath.Join(dir, "t")}, []string{filepath.Join(dir, "three.d"), filepath.Join(dir, "two.yaml")}},
		{"directories", full, []string{"flowd", "run", "--state.dir", filepath.Join(dir, "t")}, []string{filepath.Join(dir, "three.d")}},
		{"nothing where nothing is known", full, []string{"flowd", "run", "--sqs.queue-name", ""}, nil},
		{"commands below a command", sub, []string{"flowd", "ledger", ""}, []string{"check", "move"}},
		{"flags below a command", sub, []string{"flowd", "ledger", "check", "--d"}, []string{"--depth"}},
		{"files as arguments", sub, []string{"flowd", "ledger", "check", filepath.Join(dir, "o")}, []string{filepath.Join(dir, "one.yaml")}},
		{"directories as arguments", sub, []string{"flowd", "ledger", "move", filepath.Join(dir, "t")}, []string{filepath.Join(dir, "three.d")}},
		{"flags where a command takes nothing else", full, []string{"flowd", "version", ""}, []string{"--help", "--output", "--version"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := bashCompletes(t, c.script, c.words)
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("%q: got %q, want %q", c.words, got, c.want)
			}
		})
	}
}

func TestFishCompletes(t *testing.T) {
	full := scriptFile(t, "fish", realCompletables(t))
	sub := scriptFile(t, "fish", completablesOf(t, new(nested)))
	cases := []struct {
		name, script, line string
		want               []string
	}{
		{"flags by their beginning", full, "flowd run --sqs.", []string{"--sqs.queue-name", "--sqs.queue-url", "--sqs.visibility-timeout"}},
		{"commands", sub, "flowd ", []string{"ledger", "run"}},
		{"values", sub, "flowd --level ", []string{"debug", "info"}},
		{"commands below a command", sub, "flowd ledger ", []string{"check", "move"}},
		{"a value that is called like a command", sub, "flowd --level ledger --lev", []string{"--level"}},
		{"words as arguments", full, "flowd completion ", []string{"bash", "fish", "zsh"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for line := range strings.Lines(shellOutput(t, "fish", "--no-config", "-c", fmt.Sprintf("source %s; complete -C '%s'", c.script, c.line))) {
				word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
				got = append(got, word)
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("%q: got %q, want %q", c.line, got, c.want)
			}
		})
	}
}

// TestZshDescribes puts a stand-in in the place of zsh's own _arguments, which works on a terminal only, and looks at what it is told.
func TestZshDescribes(t *testing.T) {
	path := scriptFile(t, "zsh", completablesOf(t, new(nested)))
	const script = `compdef() { print compdef $@ }; _arguments() { print -rl -- "$@" }; source $1; _flowd_ledger_check; _flowd`
	got := shellOutput(t, "zsh", "-f", "-c", script, "zsh", path)
	for _, want := range []string{
		"compdef _flowd flowd\n",
		"--depth=[How deep.]:value: \n",
		"*:argument:_files\n",
		`--config.file=[It's \[strict\]\: YAML with $HOME and a \\.]:FILE:_files` + "\n",
		"--level=[Level.]:value:(debug info)\n",
		"*--port=[Ports.]:value: \n",
		"--on[On.]\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it %q", got, want)
		}
	}
}

func TestCompletionLeavesHiddenCommandsOut(t *testing.T) {
	all := completablesOf(t, new(nested))
	if len(all) != 5 { // flowd, run, ledger, ledger check, ledger move.
		t.Errorf("got %d commands, want 5: %+v", len(all), all)
	}
}
