package main

import (
	"fmt"
	"slices"
	"strings"
)

// bashCompletion works with bash 3.2 and later, with and without the bash-completion package. Bash splits words at `=`, so `--flag=value`
// comes as three.
func bashCompletion(b *strings.Builder, all []completable) {
	b.WriteString("# bash completion for flowd\n\n# The commands below a command, and the words that may be its arguments. It fails for what is no command.\n_flowd_words() {\n\tcase $1 in\n")
	for _, c := range all {
		fmt.Fprintf(b, "\t%s) echo %s ;;\n", bashQuote(c.path), bashQuote(strings.Join(bashWords(c), " ")))
	}
	b.WriteString("\t*) return 1 ;;\n\tesac\n}\n\n_flowd_flags() {\n\tcase $1 in\n")
	for _, c := range all {
		fmt.Fprintf(b, "\t%s) echo %s ;;\n", bashQuote(c.path), bashQuote(strings.Join(bashFlags(c), " ")))
	}
	b.WriteString("\tesac\n}\n\n# What the value of a flag of a command may be. It fails for a flag that takes none.\n_flowd_value() {\n\tcase \"$1 $2\" in\n")
	for _, c := range all {
		for _, f := range c.flags {
			if f.value.takes {
				fmt.Fprintf(b, "\t%s) echo %s ;;\n", bashQuote(c.path+" --"+f.name), bashValue(f.value))
			}
		}
	}
	b.WriteString("\t*) return 1 ;;\n\tesac\n}\n\n# Whether the arguments of a command are files or directories.\n_flowd_argument() {\n\tcase $1 in\n")
	for _, c := range all {
		if c.argument.files || c.argument.directories {
			fmt.Fprintf(b, "\t%s) echo %s ;;\n", bashQuote(c.path), bashValue(c.argument))
		}
	}
	b.WriteString("\tesac\n}\n" + bashRest)
}

func bashWords(c completable) []string {
	words := slices.Clone(c.argument.words)
	for _, child := range c.children {
		words = append(words, lastWord(child.path))
	}
	return words
}

func bashFlags(c completable) (names []string) {
	for _, f := range c.flags {
		names = append(names, "--"+f.name)
	}
	return names
}

func lastWord(path string) string { return path[strings.LastIndexByte(path, ' ')+1:] }

// bashValue is what compgen is asked for.
func bashValue(v completableValue) string {
	switch {
	case v.files:
		return "-f"
	case v.directories:
		return "-d"
	case len(v.words) > 0:
		return bashQuote("-W " + strings.Join(v.words, " "))
	}
	return "''"
}

func bashQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// bashRest finds the command that the words so far name, then asks for what may follow.
const bashRest = `
_flowd() {
	local cur=${COMP_WORDS[COMP_CWORD]} command='' flag='' word i
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == '=' ]]; then
			continue
		elif [[ -n $flag ]]; then
			flag=''
		elif [[ $word == -* ]]; then
			_flowd_value "$command" "$word" >/dev/null && flag=$word
		elif _flowd_words "${command:+$command }$word" >/dev/null; then
			command=${command:+$command }$word
		fi
	done
	COMPREPLY=()
	if [[ -n $flag ]]; then
		[[ $cur == '=' ]] && cur=''
		_flowd_reply "$(_flowd_value "$command" "$flag")" "$cur"
		return
	fi
	if [[ $cur != -* ]]; then
		_flowd_reply "-W $(_flowd_words "$command")" "$cur"
		_flowd_reply "$(_flowd_argument "$command")" "$cur"
	fi
	if [[ $cur == -* || -z $cur && ${#COMPREPLY[@]} -eq 0 ]]; then
		_flowd_reply "-W $(_flowd_flags "$command")" "$cur"
	fi
}

# Adds what compgen makes of a value.
_flowd_reply() {
	local line
	case $1 in
	-f | -d) compopt -o filenames 2>/dev/null ;;
	'-W '?*) set -- -W "$2" "${1#-W }" ;;
	*) return ;;
	esac
	while IFS= read -r line; do
		COMPREPLY+=("$line")
	done < <(compgen "$1" ${3:+"$3"} -- "$2")
}

complete -F _flowd flowd
`
