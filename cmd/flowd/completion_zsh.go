package main

import (
	"fmt"
	"strings"
)

// zshCompletion has a function for each command. The script may be sourced, and may be a file of $fpath.
func zshCompletion(b *strings.Builder, all []completable) {
	b.WriteString("#compdef flowd\n# zsh completion for flowd\n")
	for _, c := range all {
		if len(c.children) == 0 {
			fmt.Fprintf(b, "\n%s() {\n\t_arguments -S \\\n%s\t\t%s\n}\n", zshFunction(c.path), zshFlags(c.flags), zshArguments(c.argument))
			continue
		}
		fmt.Fprintf(b, "\n%s() {\n\tlocal curcontext=$curcontext state line\n\tlocal -A opt_args\n\t_arguments -C \\\n%s\t\t'1: :->command' '*:: :->rest'\n", zshFunction(c.path), zshFlags(c.flags))
		b.WriteString("\tcase $state in\n\tcommand)\n\t\tlocal -a commands=(\n")
		for _, child := range c.children {
			fmt.Fprintf(b, "\t\t\t%s\n", zshQuote(zshEscape(lastWord(child.path), ":")+":"+child.help))
		}
		b.WriteString("\t\t)\n\t\t_describe -t commands command commands\n\t\t;;\n\trest)\n\t\tcase $line[1] in\n")
		for _, child := range c.children {
			fmt.Fprintf(b, "\t\t%s) %s ;;\n", lastWord(child.path), zshFunction(child.path))
		}
		b.WriteString("\t\tesac\n\t\t;;\n\tesac\n}\n")
	}
	b.WriteString("\nif [[ $funcstack[1] == _flowd ]]; then\n\t_flowd \"$@\"\nelse\n\tcompdef _flowd flowd\nfi\n")
}

func zshFunction(path string) string {
	return strings.TrimSuffix("_flowd_"+strings.NewReplacer(" ", "_", "-", "_").Replace(path), "_")
}

// zshFlags are the specifications that _arguments takes, one a line.
func zshFlags(flags []completableFlag) string {
	var b strings.Builder
	for _, f := range flags {
		spec := "--" + f.name
		if f.many {
			spec = "*" + spec
		}
		if f.value.takes {
			spec += "="
		}
		spec += "[" + zshEscape(f.help, "[]:") + "]"
		if f.value.takes {
			spec += ":" + zshEscape(f.label, ":") + ":" + zshAction(f.value)
		}
		fmt.Fprintf(&b, "\t\t%s \\\n", zshQuote(spec))
	}
	return b.String()
}

func zshArguments(v completableValue) string {
	if !v.takes {
		return ""
	}
	return zshQuote("*:argument:" + zshAction(v))
}

func zshAction(v completableValue) string {
	switch {
	case v.files:
		return "_files"
	case v.directories:
		return "_files -/"
	case len(v.words) > 0:
		return "(" + strings.Join(v.words, " ") + ")"
	}
	return " "
}

// zshEscape puts a backslash before characters that _arguments would read, and before backslashes.
func zshEscape(text, special string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\\' || strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func zshQuote(text string) string { return bashQuote(text) }
