package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// origins says for each flag of the command where its value comes from.
type origins map[string]string

const (
	fromDefault = "default"
	fromFlag    = "command line"
)

// environmentOf is the variable that sets the flag, or nothing.
func environmentOf(flag *kong.Flag) string {
	for _, name := range flag.Tag.Envs {
		if _, set := os.LookupEnv(name); set {
			return name
		}
	}
	return ""
}

func originsOf(ctx *kong.Context, file *fileResolver) origins {
	o := origins{}
	for _, path := range ctx.Path {
		for _, flag := range path.Flags {
			o[flag.Name] = fromDefault
			if value, ok := file.values[flag.Name]; ok {
				o[flag.Name] = fmt.Sprintf("%s:%d", file.path, value.line)
			}
			if name := environmentOf(flag); name != "" {
				o[flag.Name] = "environment variable " + name
			}
		}
	}
	for _, path := range ctx.Path {
		if path.Flag != nil && !path.Resolved {
			o[path.Flag.Name] = fromFlag
		}
	}
	return o
}

// explain makes each line of an error that begins with the name of a flag begin as a person writes the flag, and adds where its value comes from.
func (o origins) explain(err error) error {
	if err == nil {
		return nil
	}
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		from, ok := o[flagName(line)]
		if !ok {
			continue
		}
		lines[i] = "--" + strings.TrimPrefix(line, "--")
		if from != fromDefault && from != fromFlag && !strings.Contains(line, "from envar") {
			lines[i] += " (set by " + from + ")"
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

// flagName is the flag that an error line begins with: `sqs.queue-url …` in the rooms' words, `--sqs.queue-url=URL: …` in those of kong.
func flagName(line string) string {
	return regexp.MustCompile(`^[a-z0-9]+(?:[.-][a-z0-9]+)*`).FindString(strings.TrimPrefix(line, "--"))
}
