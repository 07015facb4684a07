package ingest

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
)

func TestConfigThatIsWrong(t *testing.T) {
	right := DefaultConfig()
	right.Buckets = []string{"flow-logs", "logs.example"}
	if err := right.Validate(); err != nil {
		t.Fatalf("the defaults and a bucket: got %v, want no error", err)
	}
	for want, change := range map[string]func(c *Config){
		"sqs.visibility-timeout must be between 10s and 12h0m0s, got 5s": func(c *Config) { c.VisibilityTimeout = 5 * time.Second },
		"sqs.visibility-timeout must be between":                         func(c *Config) { c.VisibilityTimeout = 13 * time.Hour },
		"ingest.workers must be between 1 and 256, got 0":                func(c *Config) { c.Workers = 0 },
		"ingest.workers must":                                            func(c *Config) { c.Workers = 257 },
		"drain-timeout must":                                             func(c *Config) { c.DrainTimeout = -1 },
		`ingest.inflate: there is no engine "slow"`:                      func(c *Config) { c.Inflate = "slow" },
		"s3.bucket is missing":                                           func(c *Config) { c.Buckets = nil },
		`"Flow" is not a bucket name`:                                    func(c *Config) { c.Buckets = []string{"Flow"} },
		`"a..b" is not a bucket name`:                                    func(c *Config) { c.Buckets = []string{"a..b"} },
		`"arn:aws:s3:::a" is not`:                                        func(c *Config) { c.Buckets = []string{"flow-logs", "arn:aws:s3:::a"} },
		`12 digits, got "1111-2222-333"`:                                 func(c *Config) { c.ExpectedBucketOwner = "1111-2222-333" },
	} {
		c := right
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	all := Config{Workers: -1, VisibilityTimeout: -1, DrainTimeout: -1}
	if err := all.Validate(); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("got %v, want all four faults at once", err)
	}
}

func TestWhatMayBeRead(t *testing.T) {
	c := Config{Buckets: []string{"a", "b"}}
	prefixed := Config{Buckets: []string{"a", "b"}, Prefixes: []string{"AWSLogs/", "team/AWSLogs/"}}
	for _, want := range []struct {
		cfg         Config
		bucket, key string
		allowed     bool
	}{
		{c, "a", "anything", true},
		{c, "b", "", true},
		{c, "c", "anything", false},
		{c, "A", "anything", false},
		{c, "", "anything", false},
		{prefixed, "a", "AWSLogs/1/x", true},
		{prefixed, "b", "team/AWSLogs/1/x", true},
		{prefixed, "a", "AWSLogs", false},
		{prefixed, "a", "AWSLogs-other/1/x", false},
		{prefixed, "a", "x/AWSLogs/1/x", false},
		{prefixed, "a", "awslogs/1/x", false},
		{prefixed, "c", "AWSLogs/1/x", false},
	} {
		if got := want.cfg.allows(want.bucket, want.key); got != want.allowed {
			t.Errorf("prefixes %q, s3://%s/%s: got %t, want %t", want.cfg.Prefixes, want.bucket, want.key, got, want.allowed)
		}
	}
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Buckets = []string{bucket}
	deps := Deps{SQS: newFakeQueue(1), S3: newFakeS3(), Counter: newFakeCounter(), Logger: zap.NewNop(), Registerer: prometheus.NewRegistry()}
	if _, err := New(cfg, deps); err == nil || !strings.Contains(err.Error(), "sqs.queue-url or sqs.queue-name") {
		t.Errorf("without a queue: got %v, want an error that names the flags", err)
	}
	cfg.QueueURL = queueURL
	if _, err := New(cfg, deps); err != nil {
		t.Fatalf("got %v, want no error", err)
	}
	if _, err := New(cfg, deps); err == nil {
		t.Error("a second consumer with the same registerer: got no error")
	}
	if _, err := New(Config{}, deps); err == nil {
		t.Error("an empty configuration: got no error")
	}
}

// TestMetricsStartAtZero names every family and every value of its label.
func TestMetricsStartAtZero(t *testing.T) {
	want := map[string]string{
		"flowd_objects_total":                      "counted duplicate ignored missing",
		"flowd_object_failures_total":              "bomb commit denied drained format get gzip header ledger not_found panic read short_body stalled too_large too_old",
		"flowd_sqs_messages_received_total":        "",
		"flowd_sqs_messages_deleted_total":         "",
		"flowd_sqs_messages_failed_total":          "bad_key bad_message delete drained event_version held not_allowed object receive",
		"flowd_sqs_visibility_extensions_total":    "error lost ok",
		"flowd_sqs_queue_messages":                 "dead_letter delayed in_flight visible",
		"flowd_circuit_open":                       "bucket credentials denied descriptors ledger memory network queue_missing throttled",
		"flowd_object_duration_seconds":            "",
		"flowd_sqs_last_receive_timestamp_seconds": "",
	}
	registry := prometheus.NewPedanticRegistry()
	if _, err := newInstruments(registry); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range families {
		var values []string
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if v := m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount()); v != 0 {
				t.Errorf("%s %v: got %v, want 0", f.GetName(), m.GetLabel(), v)
			}
		}
		got[f.GetName()] = strings.Join(values, " ")
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: got %v, %v, want no problem", problems, err)
	}
}
