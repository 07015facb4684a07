package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"text/tabwriter"
	"time"

	"flowd/internal/flowgen"
	"flowd/pkg/metrics"
)

// generateFiles are the flags that decide every byte of what is written.
type generateFiles struct {
	Seed       uint64    `default:"1" help:"The same seed writes the same records."`
	Objects    int       `default:"10" help:"How many files."`
	Records    int       `default:"2000" help:"Records in each file, about; a burst of rejected records comes on top."`
	Format     []string  `default:"${formats}" enum:"${formats}" placeholder:"NAME" help:"Record formats, which take turns: ${enum}; repeatable."`
	Account    string    `default:"123456789012" help:"Account that owns the flow log: 12 digits."`
	Region     string    `default:"us-east-1" help:"Region of the flow log."`
	Start      time.Time `default:"2026-01-01T00:00:00Z" help:"When the first file was delivered; its records end some minutes before."`
	Interval   duration  `default:"5m" help:"Time between two deliveries."`
	SpikeEvery int       `default:"8" help:"Every which file has a burst of rejected records in it; 0 means none."`
	Clean      bool      `help:"Write no malformed lines, and none of the oddities that a parser must bear with."`
	Force      bool      `help:"Overwrite files that exist."`
}

// goldenName ends in .json, so that no command takes it for a flow log file.
const goldenName = "golden.json"

// What a directory of flow logs may hold, so that a slip of the keyboard does not fill a disk.
const (
	maxObjects = 1_000_000
	maxRecords = 10_000_000
)

func (g *generateFiles) validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(g.Objects >= 1 && g.Objects <= maxObjects, "objects must be between 1 and %d, got %d", maxObjects, g.Objects)
	check(g.Records >= 1 && g.Records <= maxRecords, "records must be between 1 and %d, got %d", maxRecords, g.Records)
	check(regexp.MustCompile(`^\d{12}$`).MatchString(g.Account), "account must have 12 digits, got %q", g.Account)
	check(regexp.MustCompile(`^[a-z]+(-[a-z]+)+-\d+$`).MatchString(g.Region), "region: %q is not a name such as eu-west-1", g.Region)
	check(g.Interval > 0, "interval must be positive, got %s", g.Interval)
	check(g.SpikeEvery >= 0, "spike-every must not be negative, got %d", g.SpikeEvery)
	return errors.Join(errs...)
}

func (g *generateFiles) config() flowgen.Config {
	return flowgen.Config{
		Seed: g.Seed, Formats: g.Format, RecordsPerObject: g.Records, Ports: metrics.DefaultPorts(),
		Region: g.Region, Account: g.Account, Clean: g.Clean,
	}
}

// writeFiles writes the golden totals last: a directory that has them is complete.
func (c *generateCommand) writeFiles(ctx context.Context, line *commandLine, to streams) error {
	if err := c.validate(); err != nil {
		return usageError{line.origins.explain(err)}
	}
	generator, err := flowgen.New(c.config())
	if err != nil {
		return usageError{err}
	}
	tree, err := openTree(c.Dir, c.Force)
	if err != nil {
		return err
	}
	defer tree.root.Close()
	totals, err := c.writeObjects(ctx, generator, tree, newLiveLine(to.err))
	if err != nil {
		return err
	}
	golden := newGoldenFile(c.generateFiles, totals)
	text, err := json.MarshalIndent(golden, "", " ")
	if err != nil {
		return fmt.Errorf("encoding the golden totals: %w", err)
	}
	if err := tree.write(goldenName, append(text, '\n')); err != nil {
		return err
	}
	if c.json() {
		return writeJSON(to.out, golden)
	}
	return golden.report(tabwriter.NewWriter(to.out, 0, 0, 2, ' ', 0), filepath.Join(c.Dir, goldenName))
}

func (c *generateCommand) writeObjects(ctx context.Context, generator *flowgen.Generator, tree *tree, line liveLine) (*flowgen.Totals, error) {
	totals := new(flowgen.Totals)
	defer line.clear()
	for n := range c.Objects {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("interrupted: %d of %d files are written below %s, and no golden totals; --force writes them again", n, c.Objects, c.Dir)
		}
		if c.SpikeEvery > 0 && (n+1)%c.SpikeEvery == 0 {
			generator.Spike(1)
		}
		object := generator.Object(c.Start.Add(time.Duration(n) * c.Interval.value()))
		if err := tree.write(object.Key, object.Body); err != nil {
			return nil, err
		}
		totals.Merge(object.Totals)
		line.show("%d of %d files, %s", n+1, c.Objects, byteText(totals.ObjectBytes.Compressed))
	}
	return totals, nil
}

// tree is the directory that files are written below, and never outside of, wherever links in it point.
type tree struct {
	root  *os.Root
	dir   string
	force bool
}

// openTree makes the directory. Golden totals that are there stand for files that are there, so they go first, or nothing does.
func openTree(dir string, force bool) (*tree, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the directory: %w", err)
	}
	t := &tree{root, dir, force}
	if _, err := root.Lstat(goldenName); err == nil && !force {
		return nil, errors.Join(t.exists(goldenName), root.Close())
	}
	if err := root.Remove(goldenName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("removing old golden totals: %w", err), root.Close())
	}
	return t, nil
}

func (t *tree) exists(name string) error {
	return fmt.Errorf("%s exists: choose another directory, or overwrite it with --force", filepath.Join(t.dir, filepath.FromSlash(name)))
}

func (t *tree) write(name string, body []byte) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if t.force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	if err := t.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("making the directory of %s: %w", name, err)
	}
	file, err := t.root.OpenFile(name, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return t.exists(name)
	}
	if err != nil {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	if _, err := file.Write(body); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", name, err), file.Close())
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
