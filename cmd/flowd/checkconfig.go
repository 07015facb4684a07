package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"flowd/internal/remotewrite"
)

// checkConfigCommand checks everything that can be checked without a call.
type checkConfigCommand struct {
	configFile
	settings
	output
}

// setting is one effective value, and where it comes from.
type setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

// Run shows the effective configuration, or says everything that is wrong with it.
func (c *checkConfigCommand) Run(line *commandLine, to streams) error {
	o, err := c.options()
	if err == nil && o.Web.ConfigFile != "" {
		err = o.Web.CheckFile()
	}
	if err != nil {
		return usageError{line.origins.explain(err)}
	}
	effective := line.effective()
	if c.json() {
		return writeJSON(to.out, effective)
	}
	table := tabwriter.NewWriter(to.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tFROM\tVALUE")
	for _, s := range effective {
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, s.Origin, s.Value)
	}
	_, err = fmt.Fprintln(table, "\nThe configuration is valid.")
	return errors.Join(err, table.Flush())
}

// effective lists every setting of the command that was parsed.
func (l *commandLine) effective() []setting {
	var all []setting
	for _, flag := range serviceFlags(l.context.Model) {
		for _, path := range l.context.Path {
			for _, own := range path.Flags {
				if own.Name == flag.Name {
					all = append(all, setting{own.Name, shown(l.context.FlagValue(own)), l.origins.of(own.Name)})
				}
			}
		}
	}
	for _, e := range l.remoteWrite {
		all = append(all, setting{remotewrite.Key + "." + e.Name, redacted(e.URL), l.file})
	}
	return all
}

func (o origins) of(name string) string {
	if from, ok := o[name]; ok {
		return from
	}
	return fromDefault
}

// serviceFlags are the flags of `flowd run`, in the order of its help.
func serviceFlags(app *kong.Application) []*kong.Flag {
	for _, command := range app.Children {
		if command.Name == "run" {
			return command.Flags
		}
	}
	return nil
}

// shown is a value as a person would write it, with passwords in URLs hidden.
func shown(v any) string {
	text := fmt.Sprint(v)
	switch v := v.(type) {
	case []string:
		text = strings.Join(v, ",")
	case []uint16:
		text = portList(v)
	}
	if strings.Contains(text, "://") {
		return redacted(text)
	}
	return text
}
