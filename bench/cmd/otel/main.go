// Command otel reads gzip flow log files with the encoding extension of OpenTelemetry's collector, the module as it is published, and counts what it says:
// records by action, and bytes by source address. It prints the counts and the ten largest sources.
//
//	otel [-stream] FILE...
//
// Without -stream a file is one call of UnmarshalLogs, as the collector's receivers made it; with -stream it is decoded in batches, which later versions can.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/encoding"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/encoding/awslogsencodingextension"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// batch is how many records of a stream are decoded at a time.
const batch = 1000

// decoder is what the extension offers.
type decoder interface {
	extension.Extension
	plog.Unmarshaler
	encoding.LogsDecoderFactory
}

func main() {
	stream := flag.Bool("stream", false, "decode in batches")
	flag.Parse()
	if err := run(flag.Args(), *stream); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(files []string, stream bool) error {
	d, err := newDecoder()
	if err != nil {
		return fmt.Errorf("making the extension: %w", err)
	}
	read := whole
	if stream {
		read = streamed
	}
	t := tally{actions: map[string]uint64{}, sources: map[string]int64{}}
	for _, name := range files {
		if err := read(d, name, &t); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
	return t.print(os.Stdout)
}

func newDecoder() (decoder, error) {
	factory := awslogsencodingextension.NewFactory()
	config, ok := factory.CreateDefaultConfig().(*awslogsencodingextension.Config)
	if !ok {
		return nil, errors.New("the configuration is not what it was")
	}
	config.Format = "vpcflow"
	e, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), config)
	if err != nil {
		return nil, err
	}
	d, ok := e.(decoder)
	if !ok {
		return nil, errors.New("it does not decode logs")
	}
	return d, nil
}

func whole(d decoder, name string, t *tally) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	logs, err := d.UnmarshalLogs(content)
	if err != nil {
		return err
	}
	t.add(logs)
	return nil
}

func streamed(d decoder, name string, t *tally) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	logs, err := d.NewLogsDecoder(z, encoding.WithFlushItems(batch))
	for err == nil {
		var some plog.Logs
		if some, err = logs.DecodeLogs(); err == nil {
			t.add(some)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
