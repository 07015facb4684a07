package main

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"go.uber.org/zap"

	"flowd/internal/inflate"
	"flowd/internal/ledger"
	"flowd/internal/web"
	"flowd/pkg/ingest"
	"flowd/pkg/metrics"
)

// parsed is a command line that must be good.
func parsed(t *testing.T, args ...string) *commandLine {
	t.Helper()
	line, err := parse(args, io.Discard, io.Discard)
	if err != nil {
		t.Fatalf("parsing %q: %v", args, err)
	}
	return line
}

func serviceOf(t *testing.T, line *commandLine) *runCommand {
	t.Helper()
	c, ok := line.context.Selected().Target.Addr().Interface().(*runCommand)
	if !ok {
		t.Fatalf("got %s, want the service", line.context.Command())
	}
	return c
}

// TestDefaultsAreThoseOfTheRooms keeps the literals in the flags from drifting away from the packages' own defaults.
func TestDefaultsAreThoseOfTheRooms(t *testing.T) {
	o, err := serviceOf(t, parsed(t, "run", "--sqs.queue-name=q", "--s3.bucket=logs")).options()
	if err != nil {
		t.Fatal(err)
	}
	wantIngest := ingest.DefaultConfig()
	wantIngest.Buckets = []string{"logs"}
	for _, c := range []struct {
		room      string
		got, want any
	}{
		{"ingest", o.Ingest, wantIngest}, {"metrics", o.Metrics, metrics.DefaultConfig()}, {"web", o.Web, web.DefaultConfig()},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.room, c.got, c.want)
		}
	}
}

func TestEveryFlagReachesItsRoom(t *testing.T) {
	o, err := serviceOf(t, parsed(t, "run", "--sqs.queue-url=https://host/1/q", "--sqs.visibility-timeout=2m", "--s3.bucket=logs-a,logs-b", "--s3.bucket=logs-c",
		"--s3.prefix=team a/", "--s3.expected-bucket-owner=123456789012", "--s3.path-style", "--state.dir=/var/x",
		"--ledger.on-corruption=recreate", "--ledger.allow-network-fs", "--ledger.max-objects=9", "--ingest.workers=3", "--ingest.allow-no-dlq", "--ingest.inflate=klauspost",
		"--drain-timeout=1m", "--metrics.top-k=5", "--metrics.max-interfaces=7", "--metrics.ports=1,2", "--metrics.event-time-span=12h", "--metrics.event-time-lateness=1m",
		"--web.listen-address=127.0.0.1:1",
		"--web.config.file=web.yaml", "--web.enable-lifecycle", "--web.enable-pprof")).options()
	if err != nil {
		t.Fatal(err)
	}
	wantIngest := ingest.Config{
		QueueURL: "https://host/1/q", VisibilityTimeout: 2 * time.Minute, Workers: 3, Buckets: []string{"logs-a", "logs-b", "logs-c"}, Prefixes: []string{"team a/"},
		ExpectedBucketOwner: "123456789012", DrainTimeout: time.Minute, AllowNoDLQ: true, Inflate: inflate.Klauspost,
	}
	wantMetrics := metrics.DefaultConfig()
	wantMetrics.TopK, wantMetrics.MaxInterfaces, wantMetrics.Ports = 5, 7, []uint16{1, 2}
	wantMetrics.TimelineSpan, wantMetrics.Lateness = 12*time.Hour, time.Minute
	want := serviceOptions{
		PathStyle: true, StateDir: "/var/x", Ledger: ledger.Config{MaxObjects: 9, Recreate: true, AllowNetworkFS: true}, Ingest: wantIngest, Metrics: wantMetrics,
		Web: web.Config{ListenAddresses: []string{"127.0.0.1:1"}, ConfigFile: "web.yaml", EnableLifecycle: true, EnablePprof: true},
	}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got %+v\nwant %+v", o, want)
	}
}

func TestStateDirectory(t *testing.T) {
	for name, c := range map[string]struct{ env, want string }{
		"of systemd":            {"/var/lib/flowd", "/var/lib/flowd"},
		"the first of several":  {"/var/lib/flowd:/var/lib/other", "/var/lib/flowd"},
		"here when nobody says": {"", "./flowd-state"},
	} {
		if got := defaultStateDir(func(string) string { return c.env }); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1d": 24 * time.Hour, "1h30m": 90 * time.Minute, "1.5s": 1500 * time.Millisecond, "0": 0} {
		var d duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.value() != want {
			t.Errorf("%q: got %v, %v, want %v", text, d, err, want)
		}
	}
	for _, text := range []string{"", "5", "soon", "1y2"} {
		if err := new(duration).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
}

func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flowd.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("sqs: {queue-name: q}\ns3: {bucket: logs}\n")
	line := parsed(t, "run", "--config.file="+file)
	level := zap.NewAtomicLevelAt(zap.InfoLevel)

	write("sqs: {queue-name: q}\ns3: {bucket: logs}\nlog: {level: debug}\n")
	if err := reload(line, level, zap.NewNop()); err != nil || level.Level() != zap.DebugLevel {
		t.Errorf("a new level: got %v, %v, want debug", level, err)
	}
	write("sqs: {queue-name: q}\ns3: {bucket: logs}\nlog: {level: error}\nbogus: 1\n")
	if err := reload(line, level, zap.NewNop()); err == nil || level.Level() != zap.DebugLevel {
		t.Errorf("a bad file: got %v, %v, want an error and debug as before", level, err)
	}
	write("sqs: {queue-name: q}\ns3: {bucket: other}\n")
	fresh, err := line.again()
	if err != nil {
		t.Fatal(err)
	}
	if got := changed(line.effective(), fresh.effective()); !reflect.DeepEqual(got, []string{"s3.bucket"}) {
		t.Errorf("what needs a restart: got %q, want s3.bucket", got)
	}
}
