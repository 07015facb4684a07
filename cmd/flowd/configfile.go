package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"flowd/internal/remotewrite"
)

// configFile is the flag of the commands that read the configuration file.
type configFile struct {
	Config struct {
		File string `placeholder:"FILE" help:"Strict YAML; the keys are the names of the flags, nested at the dots."`
	} `embed:"" prefix:"config."`
}

const configFileFlag = "config.file"

// fileResolver gives flags the values of the configuration file. What the command line or the environment sets is left alone.
type fileResolver struct {
	path   string
	read   bool
	values map[string]fileValue
	remote []remotewrite.Endpoint
	err    error // The file cannot be used. It is told instead of what follows from it.
}

// fileValue is one setting of the file.
type fileValue struct {
	text string // As on the command line; the items of a list are separated by commas.
	line int
}

// Validate implements [kong.Resolver].
func (f *fileResolver) Validate(*kong.Application) error { return nil }

// Resolve implements [kong.Resolver].
func (f *fileResolver) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !f.read {
		f.read = true
		f.load(ctx)
	}
	value, ok := f.values[flag.Name]
	if !ok || environmentOf(flag) != "" {
		return nil, nil
	}
	return value.text, nil
}

func (f *fileResolver) load(ctx *kong.Context) {
	for _, path := range ctx.Path {
		for _, flag := range path.Flags {
			if flag.Name == configFileFlag {
				f.path, _ = ctx.FlagValue(flag).(string)
			}
		}
	}
	if f.path == "" {
		return
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		f.err = fmt.Errorf("opening the configuration file: %w", err)
		return
	}
	if f.values, f.err = readConfig(bytes.NewReader(text), f.path, fileKeys(ctx.Model)); f.err == nil {
		f.remote, f.err = remotewrite.Read(bytes.NewReader(text), f.path)
	}
}

// fileKeys are the flags that the file may set: those of the service.
func fileKeys(app *kong.Application) map[string]bool {
	keys := map[string]bool{}
	for _, command := range app.Children {
		if command.Name != "run" {
			continue
		}
		for _, flag := range command.Flags {
			keys[flag.Name] = flag.Name != configFileFlag
		}
	}
	return keys
}

// readConfig reads a document of nested mappings. Every mistake is named with its line; the first one of each kind does not hide the others.
func readConfig(r io.Reader, path string, keys map[string]bool) (map[string]fileValue, error) {
	decoder := yaml.NewDecoder(r)
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: a second document follows the first; put everything into one", path)
	}
	c := configReader{path: path, keys: keys, values: map[string]fileValue{}}
	c.mapping("", document.Content[0])
	return c.values, errors.Join(c.errs...)
}

type configReader struct {
	path   string
	keys   map[string]bool
	values map[string]fileValue
	errs   []error
}

func (c *configReader) fault(line int, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s:%d: %s", c.path, line, fmt.Sprintf(format, args...)))
}

func (c *configReader) mapping(prefix string, node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return
	}
	if node.Kind != yaml.MappingNode {
		c.fault(node.Line, "%s must be a mapping of keys to values", orDocument(prefix))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := strings.TrimPrefix(prefix+"."+key.Value, ".")
		if seen[key.Value] {
			c.fault(key.Line, "%s is there twice", name)
			continue
		}
		seen[key.Value] = true
		c.setting(name, key.Line, value)
	}
}

func orDocument(prefix string) string {
	if prefix == "" {
		return "the configuration"
	}
	return prefix
}

func (c *configReader) setting(name string, line int, value *yaml.Node) {
	if value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	switch known := c.keys[name]; {
	case known && (value.Kind != yaml.MappingNode || !c.hasBelow(name)):
		c.value(name, line, value)
	case c.hasBelow(name):
		c.mapping(name, value)
	case name == remotewrite.Key: // It has no flag: its own room reads it.
	case name == configFileFlag:
		c.fault(line, "%s cannot be set by the configuration file itself", name)
	default:
		c.fault(line, "unknown key %s%s", name, c.suggestion(name))
	}
}

func (c *configReader) hasBelow(name string) bool {
	for key := range c.keys {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

func (c *configReader) value(name string, line int, node *yaml.Node) {
	var items []string
	list := node.Content
	if node.Kind == yaml.ScalarNode {
		list = []*yaml.Node{node}
	}
	if node.Kind == yaml.MappingNode {
		c.fault(line, "%s takes a value, not a mapping", name)
		return
	}
	for _, item := range list {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			c.fault(item.Line, "%s takes a value or a list of values", name)
			return
		}
		items = append(items, strings.ReplaceAll(item.Value, ",", `\,`))
	}
	text := strings.Join(items, ",")
	if node.Kind == yaml.ScalarNode {
		text = node.Value
	}
	c.values[name] = fileValue{text, line}
}

// suggestion helps with underscores for hyphens, which other programs use in files.
func (c *configReader) suggestion(name string) string {
	if other := strings.ReplaceAll(name, "_", "-"); other != name && (c.keys[other] || c.hasBelow(other)) {
		return "; did you mean " + other + "?"
	}
	return "; the keys are the names of the flags of \"flowd run\", nested at the dots"
}
