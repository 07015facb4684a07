package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"flowd/internal/archive"
	"flowd/pkg/parser"
)

// archiveInput are the arguments of the commands that read files.
type archiveInput struct {
	Input   []string       `arg:"" placeholder:"FILE|DIR" help:"Flow log files, folders of them, or - for standard input."`
	Format  string         `placeholder:"FORMAT" help:"Columns of input that has no header: the LogFormat of its flow log, such as '$${version} $${srcaddr} …', or default. A header in a file comes first."`
	Workers int            `placeholder:"N" help:"Files read side by side; by default as many as there are cores, but at most 4. Each takes about 3 MB."`
	Ingest  inflateSetting `embed:"" prefix:"ingest."`
}

const archiveHelp = `Files are plain text or gzip, told by their content. Folders are walked to their ground, in the order of names; in them, hidden files and those whose
names end in .json, .jsonl, .md, .yaml, .yml, .html, .md5 or .sha256 are left out. Links to files are followed, links to folders only when they
are named on the command line. A file that is named twice is read twice.`

// defaultWorkers is bounded, because every worker has rankings of its own: with more of them, analyze would leave the 32 MB that it promises.
func defaultWorkers() int { return min(runtime.GOMAXPROCS(0), maxDefaultWorkers) }

const maxDefaultWorkers = 4

// defaultLogFormat is what AWS writes when a flow log was created without a format.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
const defaultLogFormat = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"

// prepare lists the input, and says what to read of each file. Every mistake is named at once.
func (i *archiveInput) prepare(fields parser.FieldSet) (iter.Seq2[archive.File, error], parser.ScannerConfig, error) {
	scanner := parser.ScannerConfig{Fields: fields}
	var err error
	if i.Format != "" {
		text := map[string]string{"default": defaultLogFormat}[i.Format]
		if scanner.Format, err = parser.ParseFormat(cmp.Or(text, i.Format)); err != nil {
			err = fmt.Errorf("format: %w", err)
		}
	}
	switch {
	case i.Workers < 0:
		err = errors.Join(err, fmt.Errorf("workers must be at least 1, got %d", i.Workers))
	case i.Workers == 0:
		i.Workers = defaultWorkers()
	}
	return archive.Files(i.Input, os.Stdin), scanner, errors.Join(err, i.checkPaths())
}

func (i *archiveInput) checkPaths() error {
	for n, path := range i.Input {
		switch {
		case path == archive.Stdin && slices.Contains(i.Input[:n], path):
			return errors.New("- is there twice, and standard input can be read only once")
		case strings.HasPrefix(path, "s3://"):
			return fmt.Errorf("%s: buckets cannot be read; copy the files first, for example with aws s3 sync", path)
		}
	}
	return nil
}

// heapKeeper keeps the heap close to what is in use while many files are read. Its methods are for one goroutine at a time.
type heapKeeper struct{ done, before int }

// heapPercent is how much may be allocated before the next collection, in percent of what is in use. Hardly anything is allocated per file, so collecting
// that early costs next to nothing.
const heapPercent = 20

// fileDone is called after every file. It does nothing before the second: until then what was allocated is what readers and rankings need, and collections
// would find little else.
func (k *heapKeeper) fileDone() {
	if k.done++; k.done == 2 {
		k.before = debug.SetGCPercent(heapPercent)
	}
}

// release puts back what was set before.
func (k *heapKeeper) release() {
	if k.done >= 2 {
		debug.SetGCPercent(k.before)
	}
}

// stopped is why not every file was read.
func stopped(doing string, err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: interrupted", doing)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
