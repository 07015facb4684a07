package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/zap"

	"flowd/internal/flowgen"
	"flowd/internal/localaws"
	"flowd/internal/web"
	"flowd/pkg/ingest"
	"flowd/pkg/metrics"
)

// account is an AWS account in this process, set up as flowd sets one up, and the golden totals of what was delivered to it.
type account struct {
	t      *testing.T
	server *localaws.Server
	demo   *demo
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{t: t, server: localaws.New(localaws.Config{AccountID: demoAccount, Region: demoRegion})}
	endpoint := httptest.NewServer(a.server)
	t.Cleanup(endpoint.Close)
	t.Cleanup(endpoint.CloseClientConnections) // Long polls would hold the close for 20 seconds.
	a.demo = &demo{server: a.server, stdout: t.Output(), log: zap.NewNop(), golden: new(flowgen.Totals), bucket: demoBucket}
	a.demo.service = serviceOptions{
		AWS: aws.Config{
			Region: demoRegion, BaseEndpoint: &endpoint.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
			HTTPClient: endpoint.Client(),
		},
		StateDir: t.TempDir(), Ingest: ingest.DefaultConfig(), Metrics: metrics.DefaultConfig(), Web: web.Config{ListenAddresses: []string{"127.0.0.1:0"}},
	}
	result, err := a.demo.bootstrap(t.Context(), a.demo.service.AWS)
	if err != nil {
		t.Fatal(err)
	}
	a.demo.service.Ingest.QueueURL, a.demo.service.Ingest.Buckets = result.QueueURL, []string{result.Bucket}
	if a.demo.generator, err = flowgen.New(flowgen.Config{Seed: 1, RecordsPerObject: 300, Ports: metrics.DefaultPorts()}); err != nil {
		t.Fatal(err)
	}
	return a
}

// serve runs a service until the returned function stops it.
func (a *account) serve() (s *service, stop func()) {
	a.t.Helper()
	s, err := newService(a.demo.service, zap.NewNop())
	if err != nil {
		a.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(a.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.run(ctx) }()
	a.until("the service to read the queue", func() bool { return a.gather(s)["flowd_sqs_messages_received_total"] != nil })
	return s, func() {
		a.t.Helper()
		cancel()
		if err := <-done; err != nil {
			a.t.Errorf("stopping: got %v, want no error", err)
		}
	}
}

func (a *account) deliver(objects int) {
	a.t.Helper()
	for range objects {
		if err := a.demo.deliver(a.t.Context()); err != nil {
			a.t.Fatal(err)
		}
	}
}

// gather scrapes as Prometheus does, through the handler that learns what was read.
func (a *account) gather(s *service) scrape {
	a.t.Helper()
	recorder := httptest.NewRecorder()
	s.scrapes().ServeHTTP(recorder, httptest.NewRequestWithContext(a.t.Context(), http.MethodGet, "/metrics", http.NoBody))
	got, err := readScrape(recorder.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return got
}

// untilEqual scrapes until everything that was delivered is shown.
func (a *account) untilEqual(s *service) {
	a.t.Helper()
	var all []check
	defer func() {
		if a.t.Failed() {
			report(a.t.Output(), all)
		}
	}()
	a.until("what was counted to be what was delivered", func() bool {
		all = checks(a.demo.golden, a.gather(s))
		return allEqual(all)
	})
}

// until polls, because what it waits for happens on the other side of HTTP.
func (a *account) until(what string, ok func() bool) {
	a.t.Helper()
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(a.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			a.t.Fatalf("gave up waiting for %s", what)
		}
	}
}

// TestRestartContinues joins every room: what one process counted the next one shows at once, and goes on from.
func TestRestartContinues(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	s, stop := a.serve()
	a.deliver(6)
	a.untilEqual(s)
	before := a.gather(s)
	stop()

	s, stop = a.serve()
	defer stop()
	compared := 0
	for family, series := range a.gather(s) {
		if !durable(family) {
			continue
		}
		for labels, v := range series {
			compared++
			if was := before[family][labels]; v < was {
				t.Errorf("%s{%s} stepped back from %d to %d", family, labels, was, v)
			}
		}
	}
	if compared < 100 {
		t.Fatalf("compared %d series, want many", compared)
	}
	a.deliver(3)
	a.untilEqual(s)
}

func durable(family string) bool {
	for _, name := range metrics.Durable() {
		if name == family {
			return true
		}
	}
	return false
}

// families are the metric families that a service exposes, flowd's own.
func families(t *testing.T, g prometheus.Gatherer) []*dto.MetricFamily {
	t.Helper()
	all, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
