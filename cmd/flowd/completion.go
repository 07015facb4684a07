package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints a script for a shell. It is made from the command line itself, so it cannot lag behind it.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"Shell that will read the script: ${enum}."`
}

// Help says where the scripts go.
func (c *completionCommand) Help() string {
	return `Try it in the shell that is running, or install it for every shell to come:

  bash   source <(flowd completion bash)
         flowd completion bash > ~/.local/share/bash-completion/completions/flowd
  zsh    source <(flowd completion zsh)          (after compinit)
         flowd completion zsh > a directory of $fpath, as _flowd
  fish   flowd completion fish | source
         flowd completion fish > ~/.config/fish/completions/flowd.fish`
}

// Run prints the script.
func (c *completionCommand) Run(line *commandLine, to streams) error {
	write := map[string]func(*strings.Builder, []completable){"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	var script strings.Builder
	write(&script, completables(line.context.Model))
	if _, err := io.WriteString(to.out, script.String()); err != nil {
		return fmt.Errorf("writing the script: %w", err)
	}
	return nil
}

// completable is what a shell must know of a command.
type completable struct {
	path     string // Its words after `flowd`, such as `ledger check`; empty is flowd itself.
	help     string
	children []completable
	flags    []completableFlag
	argument completableValue
}

// completableFlag is a flag of a command, those of its parents included.
type completableFlag struct {
	name  string // Without dashes.
	help  string
	label string // What its value is called.
	many  bool   // It may be repeated.
	value completableValue
}

// completableValue is what may stand where a value is expected.
type completableValue struct {
	takes       bool     // There is a value at all.
	words       []string // The only values, if that is known.
	files       bool     // A file or a directory.
	directories bool     // A directory.
}

// completables lists every command that is not hidden; parents come before their children, and flowd itself is the first. A command that is
// the default adds its flags to its parent.
func completables(app *kong.Application) []completable {
	var all []completable
	var visit func(node *kong.Node) completable
	visit = func(node *kong.Node) completable {
		at := len(all)
		c := completable{path: commandPath(node), help: node.Help, flags: flagsOf(node), argument: argumentOf(node)}
		all = append(all, c)
		for _, child := range node.Children {
			if !child.Hidden {
				c.children = append(c.children, visit(child))
			}
		}
		all[at] = c
		return c
	}
	visit(app.Node)
	return all
}

func commandPath(node *kong.Node) string {
	if node.Type == kong.ApplicationNode {
		return ""
	}
	return strings.TrimSpace(commandPath(node.Parent) + " " + node.Name)
}

func flagsOf(node *kong.Node) (flags []completableFlag) {
	leaf := node
	if node.DefaultCmd != nil {
		leaf = node.DefaultCmd
	}
	for _, group := range leaf.AllFlags(true) {
		for _, flag := range group {
			f := completableFlag{name: flag.Name, help: flag.Help, label: cmp.Or(flag.PlaceHolder, "value"), many: flag.IsCumulative()}
			if !flag.IsBool() && !flag.IsCounter() {
				f.value = valueOf(flag.Value, flag.PlaceHolder)
			}
			flags = append(flags, f)
		}
	}
	return flags
}

// argumentOf joins what all positional arguments of a command may be: a shell is not told which one it is at.
func argumentOf(node *kong.Node) (joined completableValue) {
	for _, argument := range node.Positional {
		v := valueOf(argument, argument.Name+" "+argument.Tag.PlaceHolder)
		joined.takes = true
		joined.words = append(joined.words, v.words...)
		joined.files = joined.files || v.files
		joined.directories = joined.directories || v.directories
	}
	return joined
}

// valueOf tells files and directories from other values by what the help calls them, or by the type that kong is told.
func valueOf(v *kong.Value, label string) completableValue {
	value := completableValue{takes: true}
	if v.Enum != "" {
		value.words = v.EnumSlice()
		return value
	}
	label = strings.ToUpper(label)
	value.files = strings.Contains(label, "FILE") || strings.Contains(label, "PATH") || strings.HasSuffix(v.Tag.Type, "file") || v.Tag.Type == "path"
	value.directories = !value.files && (strings.Contains(label, "DIR") || v.Tag.Type == "existingdir")
	return value
}
