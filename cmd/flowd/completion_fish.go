package main

import (
	"fmt"
	"slices"
	"strings"
)

// fishCompletion is a list of rules; each says at which command it holds.
func fishCompletion(b *strings.Builder, all []completable) {
	b.WriteString("# fish completion for flowd\n\n")
	fmt.Fprintf(b, fishHead, fishList(paths(all)), fishList(valueFlags(all)))
	b.WriteString("\ncomplete -c flowd -f\n")
	for _, c := range all {
		at := fmt.Sprintf("complete -c flowd -n '__flowd_at %s'", fishQuote(c.path, '"'))
		for _, child := range c.children {
			fmt.Fprintf(b, "%s -a %s -d %s\n", at, lastWord(child.path), fishQuote(child.help, '\''))
		}
		if c.argument.takes {
			fmt.Fprintf(b, "%s%s\n", at, fishValue(c.argument))
		}
		for _, f := range c.flags {
			fmt.Fprintf(b, "%s -l %s", at, f.name)
			if f.value.takes {
				b.WriteString(" -r" + fishValue(f.value)) // The value is required.
			}
			fmt.Fprintf(b, " -d %s\n", fishQuote(f.help, '\''))
		}
	}
}

func paths(all []completable) (list []string) {
	for _, c := range all {
		if c.path != "" {
			list = append(list, c.path)
		}
	}
	return list
}

// valueFlags are those whose next word is a value.
func valueFlags(all []completable) (list []string) {
	for _, c := range all {
		for _, f := range c.flags {
			if f.value.takes && !slices.Contains(list, "--"+f.name) {
				list = append(list, "--"+f.name)
			}
		}
	}
	return list
}

// fishValue offers files only where they are wanted: a flag with a value would offer them everywhere.
func fishValue(v completableValue) string {
	switch {
	case v.files:
		return " -F"
	case v.directories:
		return " -f -a '(__fish_complete_directories)'"
	case len(v.words) > 0:
		return " -f -a " + fishQuote(strings.Join(v.words, " "), '\'')
	}
	return " -f"
}

func fishList(words []string) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, fishQuote(w, '\''))
	}
	return strings.Join(quoted, " ")
}

func fishQuote(text string, quote byte) string {
	q := string(quote)
	return q + strings.NewReplacer(`\`, `\\`, q, `\`+q).Replace(text) + q
}

// fishHead finds the command that the words so far name.
const fishHead = `function __flowd_at
    set -l commands %s
    set -l takes_value %s
    set -l command
    set -l is_value no
    for word in (commandline -opc)[2..]
        if test $is_value = yes
            set is_value no
        else if string match -q -- '-*' $word
            contains -- $word $takes_value; and set is_value yes
        else if contains -- (string join ' ' $command $word) $commands
            set -a command $word
        end
    end
    test "$command" = "$argv[1]"
end
`
