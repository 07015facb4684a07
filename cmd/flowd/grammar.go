package main

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"

	"flowd/pkg/metrics"
)

func newParser(grammar *commands, stdout, stderr io.Writer, options ...kong.Option) (*kong.Kong, error) {
	parser, err := kong.New(grammar, append([]kong.Option{
		kong.Name("flowd"),
		kong.Description("flowd turns AWS VPC Flow Logs into Prometheus metrics.\n\n" +
			"Flags come before the environment, the environment before the configuration file, and that before the defaults. " +
			"\"flowd run --help\" shows the flags of the service."),
		kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.PostBuild(completeFlags),
	}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("building the command line: %w", err)
	}
	return parser, nil
}

// only leaves out the commands that the first argument does not name, when it names one: building what describes all of them takes longer than
// everything else that a short command does. What the named one has in its tag `with` stays; that may be everything.
func only(args []string) kong.Option {
	named, ok := commandOf(args)
	with := named.Tag.Get("with")
	if !ok || with == "everything" {
		return kong.OptionFunc(func(*kong.Kong) error { return nil })
	}
	var others []string
	for field := range reflect.TypeFor[commands]().Fields() {
		if isCommand(field) && field.Name != named.Name && commandName(field) != with {
			others = append(others, field.Name)
		}
	}
	return kong.IgnoreFields(`^commands\.(` + strings.Join(others, "|") + `)$`)
}

// commandOf finds the field of the command that the first argument names.
func commandOf(args []string) (reflect.StructField, bool) {
	for field := range reflect.TypeFor[commands]().Fields() {
		if isCommand(field) && len(args) > 0 && args[0] == commandName(field) {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

func isCommand(field reflect.StructField) bool {
	_, ok := field.Tag.Lookup("cmd")
	return ok
}

// commandName is what kong calls a command, by its field: check-config for CheckConfig.
func commandName(field reflect.StructField) string {
	var name strings.Builder
	for i, r := range field.Name {
		if i > 0 && unicode.IsUpper(r) {
			name.WriteByte('-')
		}
		name.WriteRune(unicode.ToLower(r))
	}
	return name.String()
}

// completeFlags gives every flag its environment variable, FLOWD_ and the name with underscores, and those whose default is computed that default.
func completeFlags(k *kong.Kong) error {
	computed := computedDefaults()
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		flag, ok := node.(*kong.Flag)
		if !ok {
			return next(nil)
		}
		if name, ok := strings.CutPrefix(flag.Default, "${"); ok {
			name = strings.TrimSuffix(name, "}")
			flag.Tag.Vars = kong.Vars{name: computed[name]}.CloneWith(flag.Tag.Vars)
		}
		names := []string{"FLOWD_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(flag.Name))}
		if flag.Name == "help" || flag.Name == "version" {
			names = nil
		}
		flag.Envs, flag.Value.Tag.Envs = names, names
		return next(nil)
	})
}

// computedDefaults are what a tag of the form default:"${name}" stands for. They are no variables of the whole command line, because kong looks into
// every variable for each flag, and that was more than a quarter of the start of the process.
func computedDefaults() map[string]string {
	return map[string]string{
		"state_dir": defaultStateDir(os.Getenv), "listen_address": defaultListenAddress, "log_level": "info",
		"ports": portList(metrics.DefaultPorts()), "formats": formatNames(),
	}
}

// versionFlag shows the version, whatever else is on the command line.
type versionFlag bool

// BeforeReset is called by kong when the flag is set.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	_, err := fmt.Fprintln(app.Stdout, versionText())
	app.Exit(exitOK)
	return err
}
