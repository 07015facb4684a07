package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/alecthomas/kong"
	"go.uber.org/zap"

	"flowd/internal/remotewrite"
	"flowd/pkg/ingest"
	"flowd/pkg/metrics"
)

// The exit codes of every command.
const (
	exitOK      = 0
	exitFailure = 1 // At run time.
	exitUsage   = 2 // Of the command line, the environment or the configuration file.
)

// usageError is a mistake in what flowd was told, not in what it met.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// commands is the whole command line. The tag `with` names the command whose flags the one that has it looks at besides its own; see [only].
type commands struct {
	Run         runCommand         `cmd:"" default:"withargs" help:"Read the queue, count flow log records, serve metrics (default)."`
	Bootstrap   bootstrapCommand   `cmd:"" with:"run" help:"Set up bucket, queues, policies, notification and flow logs: show the plan, make what is missing, show what to run. Safe to repeat."`
	Demo        demoCommand        `cmd:"" with:"run" help:"Show everything in this process on loopback, with generated traffic. Needs no AWS account."`
	Analyze     analyzeCommand     `cmd:"" help:"Show totals and top talkers of flow log files."`
	Search      searchCommand      `cmd:"" help:"Show the records of flow log files that match."`
	Generate    generateCommand    `cmd:"" help:"Write flow log files and their golden totals from a seed, or make HTTP traffic against a server."`
	Ledger      ledgerCommand      `cmd:"" with:"run" help:"Look into the state, while the service is stopped."`
	CheckConfig checkConfigCommand `cmd:"" with:"run" help:"Check flags, environment and configuration file, and exit with 2 if something is wrong."`
	Healthcheck healthcheckCommand `cmd:"" with:"run" help:"Ask the instance on this host whether it is healthy, and exit with 1 if it is not."`
	Completion  completionCommand  `cmd:"" with:"everything" help:"Print the completion script of a shell."`
	Version     versionCommand     `cmd:"" help:"Show the version."`

	VersionFlag versionFlag `name:"version" help:"Show the version."`
}

// streams is where a command writes: results to out, logs and progress to err.
type streams struct{ out, err io.Writer }

// run is the whole program but for its end.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	line, err := parse(args, stdout, stderr)
	if err != nil || line == nil {
		return err
	}
	line.context.BindTo(ctx, (*context.Context)(nil))
	return line.context.Run(line, streams{out: stdout, err: stderr})
}

// exitCode says what went wrong, unless the log has said it.
func exitCode(err error, stderr io.Writer) int {
	var usage usageError
	var told toldError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(redacting(stderr), "flowd: %v\nRun \"flowd --help\" for the flags.\n", err)
		return exitUsage
	case !errors.As(err, &told):
		fmt.Fprintf(redacting(stderr), "flowd: %v\n", err)
	}
	return exitFailure
}

// toldError is in the log already.
type toldError struct{ error }

func (e toldError) Unwrap() error { return e.error }

// commandLine is a parsed command line, with where each value comes from.
type commandLine struct {
	args    []string
	context *kong.Context
	origins origins
	// The endpoints of the configuration file have no flags.
	remoteWrite []remotewrite.Endpoint
	file        string
}

// parse reads flags, environment and configuration file. It returns nil and no error when all that was asked for was help or the version.
func parse(args []string, stdout, stderr io.Writer) (*commandLine, error) {
	var done bool
	file := &fileResolver{}
	grammar := new(commands)
	parser, err := newParser(grammar, stdout, stderr, kong.Exit(func(int) { done = true }), kong.Resolvers(file), only(args))
	if err != nil {
		return nil, err
	}
	context, err := parser.Parse(args)
	switch {
	case done:
		return nil, nil
	case file.err != nil:
		return nil, usageError{file.err}
	case err != nil:
		var parseError *kong.ParseError
		if errors.As(err, &parseError) && parseError.Context != nil {
			err = originsOf(parseError.Context, file).explain(err)
		}
		return nil, usageError{err}
	}
	grammar.Run.remoteWrite = file.remote
	return &commandLine{args: args, context: context, origins: originsOf(context, file), remoteWrite: file.remote, file: file.path}, nil
}

// again parses the same command line with the environment and the configuration file as they are now.
func (l *commandLine) again() (*commandLine, error) { return parse(l.args, io.Discard, io.Discard) }

// runCommand is the service.
type runCommand struct {
	configFile
	settings
	remoteWrite []remotewrite.Endpoint
}

// Run serves until ctx ends.
func (c *runCommand) Run(ctx context.Context, line *commandLine, to streams) error {
	options, err := c.options()
	if err != nil {
		return usageError{line.origins.explain(err)}
	}
	options.RemoteWrite = c.remoteWrite
	log, level := newLogger(c.Log, to.err)
	options.Reload = func() error { return reload(line, level, log) }
	options.Settings = line.effective()
	reloadOnHangup(ctx, options.Reload, log)
	var usage usageError
	if err := c.serve(ctx, options, log); errors.As(err, &usage) {
		return err
	} else if err != nil {
		log.Error("flowd stopped", zap.Error(err))
		return toldError{err}
	}
	log.Info("flowd stopped")
	return nil
}

func (c *runCommand) serve(ctx context.Context, options serviceOptions, log *zap.Logger) error {
	var err error
	if options.AWS, err = loadAWS(ctx, c.AWS, log); err != nil {
		return err
	}
	if c.Bootstrap {
		if err := c.bootstrapBeforeRun(ctx, &options, log); err != nil {
			return err
		}
	}
	service, err := newService(options, log)
	if err != nil {
		return err
	}
	log.Info("flowd starts", append(versionFields(), zap.Int64("memory_limit_bytes", limitMemory(os.DirFS("/"), os.Getenv)))...)
	return service.run(ctx)
}

// demoCommand shows everything on loopback.
type demoCommand struct {
	Duration duration       `default:"0s" help:"How long to run; 0 runs until it is interrupted."`
	Interval duration       `default:"2s" help:"Time between two objects."`
	Seed     uint64         `default:"1" help:"Of the generated traffic: the same seed writes the same records."`
	Ingest   inflateSetting `embed:"" prefix:"ingest."`
	Web      webAddress     `embed:"" prefix:"web." set:"listen_address=127.0.0.1:10420"`
	Log      logSettings    `embed:"" prefix:"log." set:"log_level=warn"`
}

// Run plays until the duration is over or ctx ends.
func (c *demoCommand) Run(ctx context.Context, line *commandLine, to streams) error {
	options := demoOptions{duration: c.Duration.value(), interval: c.Interval.value(), seed: c.Seed}
	options.service.Metrics = metrics.DefaultConfig()
	options.service.Ingest = ingest.DefaultConfig()
	options.service.Ingest.Inflate = c.Ingest.Inflate
	options.service.Web.ListenAddresses = c.Web.ListenAddress
	options.service.Settings = line.effective()
	if err := errors.Join(c.validate(), options.service.Web.Validate()); err != nil {
		return usageError{line.origins.explain(err)}
	}
	log, _ := newLogger(c.Log, to.err)
	return runDemo(ctx, options, to.out, log)
}

func (c *demoCommand) validate() error {
	var errs []error
	if c.Duration < 0 {
		errs = append(errs, fmt.Errorf("duration must not be negative, got %s", c.Duration))
	}
	if c.Interval <= 0 {
		errs = append(errs, fmt.Errorf("interval must be positive, got %s", c.Interval))
	}
	for _, address := range c.Web.ListenAddress {
		if _, port, err := net.SplitHostPort(address); err == nil && port == "0" {
			errs = append(errs, fmt.Errorf("web.listen-address: %q has no port to show and to read the metrics at; name one", address))
		}
	}
	return errors.Join(errs...)
}
