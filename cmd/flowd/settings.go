package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"flowd/internal/inflate"
	"flowd/internal/web"
	"flowd/pkg/ingest"
	"flowd/pkg/metrics"
)

// settings are the flags of the service. Each name is a key of the configuration file too, and an environment variable: --sqs.queue-url is
// sqs.queue-url in the file and FLOWD_SQS_QUEUE_URL in the environment.
type settings struct {
	SQS struct {
		QueueURL          string   `placeholder:"URL" help:"Queue to read."`
		QueueName         string   `placeholder:"NAME" help:"Queue to read, by name, in the account and region of the credentials."`
		VisibilityTimeout duration `default:"60s" help:"How long a received message stays hidden; it is extended at a third of it."`
	} `embed:"" prefix:"sqs."`
	S3 struct {
		Bucket              []string `placeholder:"NAME" help:"Buckets that may be read, whatever a message says; repeatable."`
		Prefix              []string `placeholder:"PREFIX" help:"Key prefixes that may be read; repeatable. Without one every key may."`
		ExpectedBucketOwner string   `placeholder:"ACCOUNT" help:"Account that must own the buckets; empty does not check."`
		PathStyle           bool     `help:"Put the bucket into the path of requests; implied by an endpoint on loopback."`
	} `embed:"" prefix:"s3."`
	AWS   awsSettings `embed:"" prefix:"aws."`
	State struct {
		Dir string `default:"${state_dir}" placeholder:"DIR" help:"Directory of the ledger; empty keeps state in memory, and objects may then count twice after a restart."`
	} `embed:"" prefix:"state."`
	Ledger ledgerSettings `embed:"" prefix:"ledger."`
	Ingest struct {
		Workers    int  `default:"16" help:"Messages in work at once; parsing is bounded by GOMAXPROCS."`
		AllowNoDLQ bool `name:"allow-no-dlq" help:"Run although the queue has no redrive policy."`
		inflateSetting
	} `embed:"" prefix:"ingest."`
	DrainTimeout duration `default:"25s" help:"How long messages in work may take to finish after the first SIGTERM."`
	Metrics      struct {
		TopK              int      `name:"top-k" default:"20" help:"Members of each ranking."`
		MaxInterfaces     int      `default:"2000" help:"Interfaces with series of their own; further ones count as other."`
		Ports             []uint16 `default:"${ports}" placeholder:"PORT" help:"Destination ports with a label value of their own; the rest counts as other."`
		EventTimeSpan     duration `default:"6h" help:"How far back the minutes of event time reach that the page shows, in whole hours."`
		EventTimeLateness duration `default:"10m" help:"How long a minute stays open after every flow log is complete up to its end; what comes later counts in the next open one."`
	} `embed:"" prefix:"metrics."`
	Web       webSettings       `embed:"" prefix:"web."`
	Log       logSettings       `embed:"" prefix:"log."`
	Bootstrap bool              `help:"Set up what is missing, once, then run; where nothing is missing it makes read calls only."`
	Setup     bootstrapSettings `embed:"" prefix:"bootstrap."`
}

// inflateSetting belongs to every command that reads objects.
type inflateSetting struct {
	Inflate inflate.Engine `default:"fast" enum:"fast,klauspost" help:"What inflates gzip: ${enum}. fast is flowd's own; klauspost is a slower library, to switch back to should fast ever be in doubt."`
}

// webAddress is where HTTP is served.
type webAddress struct {
	ListenAddress []string `default:"${listen_address}" placeholder:"HOST:PORT" help:"Address to serve HTTP on; repeatable."`
}

// webSettings are what the service offers over HTTP.
type webSettings struct {
	webAddress
	ConfigFile      string `name:"config.file" placeholder:"FILE" help:"TLS and basic auth, in the format of exporter-toolkit."`
	EnableLifecycle bool   `help:"Offer POST /-/reload."`
	EnablePprof     bool   `help:"Offer /debug/pprof; needs every listen address on loopback."`
}

const defaultListenAddress = web.DefaultListenAddress

func (w *webSettings) config() web.Config {
	return web.Config{
		ListenAddresses: w.ListenAddress, ConfigFile: w.ConfigFile, EnableLifecycle: w.EnableLifecycle, EnablePprof: w.EnablePprof,
	}
}

// options validates the settings and turns them into what the service needs. It reads no file and makes no call.
func (s *settings) options() (serviceOptions, error) {
	o := serviceOptions{
		PathStyle: s.S3.PathStyle, QueueName: s.SQS.QueueName, StateDir: s.State.Dir, Ledger: s.Ledger.config(),
		Ingest: s.ingest(), Metrics: s.metrics(), Web: s.Web.config(),
	}
	return o, errors.Join(s.checkQueue(), s.AWS.validate(), s.checkIngest(o.Ingest), o.Metrics.Validate(), o.Web.Validate(), s.checkBootstrap())
}

// checkIngest bears with a bucket that the set-up will name.
func (s *settings) checkIngest(c ingest.Config) error {
	if s.Bootstrap && len(c.Buckets) == 0 {
		c.Buckets = []string{"named-by-the-set-up"}
	}
	return c.Validate()
}

func (s *settings) checkBootstrap() error {
	if !s.Bootstrap {
		return nil
	}
	return s.Setup.validate(s.AWS.Region)
}

func (s *settings) ingest() ingest.Config {
	c := ingest.DefaultConfig()
	c.QueueURL = s.SQS.QueueURL
	c.VisibilityTimeout = s.SQS.VisibilityTimeout.value()
	c.Workers = s.Ingest.Workers
	c.Buckets, c.Prefixes, c.ExpectedBucketOwner = s.S3.Bucket, s.S3.Prefix, s.S3.ExpectedBucketOwner
	c.DrainTimeout = s.DrainTimeout.value()
	c.AllowNoDLQ = s.Ingest.AllowNoDLQ
	c.Inflate = s.Ingest.Inflate
	return c
}

func (s *settings) metrics() metrics.Config {
	c := metrics.DefaultConfig()
	c.TopK, c.MaxInterfaces, c.Ports = s.Metrics.TopK, s.Metrics.MaxInterfaces, s.Metrics.Ports
	c.TimelineSpan, c.Lateness = s.Metrics.EventTimeSpan.value(), s.Metrics.EventTimeLateness.value()
	return c
}

func (s *settings) checkQueue() error {
	switch {
	case s.SQS.QueueURL == "" && s.SQS.QueueName == "" && s.Bootstrap:
		return nil
	case s.SQS.QueueURL == "" && s.SQS.QueueName == "":
		return errors.New("sqs.queue-url is missing: name the queue to read, by its URL or with --sqs.queue-name, or make one with --bootstrap")
	case s.SQS.QueueURL != "" && s.SQS.QueueName != "":
		return errors.New("sqs.queue-url and --sqs.queue-name are both set: name the queue once")
	case s.SQS.QueueURL == "":
		return nil
	}
	return checkURL("sqs.queue-url", s.SQS.QueueURL)
}

// checkURL names a URL that it refuses without the password that may be in it.
func checkURL(flag, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%s: %q is not an http or https URL", flag, withoutUserInfo(text))
	}
	return nil
}

// defaultStateDir is what systemd made for the service, or a directory here.
// Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=
func defaultStateDir(getenv func(string) string) string {
	if dirs := filepath.SplitList(getenv("STATE_DIRECTORY")); len(dirs) > 0 {
		return dirs[0]
	}
	return "." + string(os.PathSeparator) + "flowd-state"
}

func portList(ports []uint16) string {
	var text []string
	for _, p := range ports {
		text = append(text, strconv.Itoa(int(p)))
	}
	return strings.Join(text, ",")
}
