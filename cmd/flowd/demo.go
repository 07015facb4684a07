package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"flowd/internal/bootstrap"
	"flowd/internal/flowgen"
	"flowd/internal/localaws"
)

// demoOptions is what `flowd demo` needs. Everything runs in this process and listens on loopback.
type demoOptions struct {
	service  serviceOptions
	duration time.Duration // 0 runs until it is interrupted.
	interval time.Duration // Between two objects.
	seed     uint64
	settle   time.Duration // How long to wait for what was delivered to be counted and read; 0 is the default.
	// tamper changes an object on its way to the bucket; tests use it to see the demo find the difference.
	tamper func(n int, body []byte) []byte
}

const (
	demoAccount = "123456789012"
	demoRegion  = "us-east-1"
	demoBucket  = "flowd-demo"
	demoVPC     = "vpc-0a1b2c3d4e5f60718"
	// spikeEvery objects one carries a burst of rejected records, so that a reject rate has something to show.
	spikeEvery = 8
	// settleTimeout bounds the wait for what was delivered to be counted and read.
	settleTimeout = 20 * time.Second
)

var errDemoDiffers = errors.New("golden and counted totals differ")

// runDemo is the whole main job on loopback: set-up, delivery, ingest, page and metrics. It ends with golden and counted totals side by side.
func runDemo(ctx context.Context, o demoOptions, stdout io.Writer, log *zap.Logger) error {
	d := &demo{demoOptions: o, stdout: stdout, log: log}
	dir, err := os.MkdirTemp("", "flowd-demo-")
	if err != nil {
		return fmt.Errorf("creating a state directory: %w", err)
	}
	defer os.RemoveAll(dir)
	d.service.StateDir = dir // Never one that is kept: golden totals begin at 0.
	return d.run(ctx)
}

type demo struct {
	demoOptions
	stdout    io.Writer
	log       *zap.Logger
	server    *localaws.Server
	generator *flowgen.Generator
	golden    *flowgen.Totals
	bucket    string
	delivered int
	running   *service
}

// run keeps three things going at once: the endpoints, the service, and the deliveries. When the deliveries are over, it stops the service
// and then the endpoints, so that the service can delete its last messages.
func (d *demo) run(ctx context.Context) error {
	awsCtx, stopAWS := context.WithCancel(context.WithoutCancel(ctx))
	defer stopAWS()
	var endpoints, group errgroup.Group
	url, err := d.startAWS(awsCtx, &endpoints)
	if err != nil {
		return err
	}
	if err := d.prepare(ctx, url); err != nil {
		return err
	}
	serviceCtx, stopService := context.WithCancel(context.WithoutCancel(ctx))
	defer stopService()
	group.Go(func() error { return d.running.run(serviceCtx) })
	verdict := d.playUntilEnd(ctx)
	stopService()
	err = errors.Join(verdict, group.Wait())
	stopAWS()
	return errors.Join(err, endpoints.Wait())
}

func (d *demo) startAWS(ctx context.Context, group *errgroup.Group) (url string, err error) {
	d.server = localaws.New(localaws.Config{AccountID: demoAccount, Region: demoRegion})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listening on loopback: %w", err)
	}
	group.Go(func() error { return d.server.Serve(ctx, listener) })
	return "http://" + listener.Addr().String(), nil
}

// prepare creates the AWS side through the set-up that a real account gets, and builds the service on it.
func (d *demo) prepare(ctx context.Context, url string) error {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(demoRegion), config.WithBaseEndpoint(url),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("demo", "demo", "")))
	if err != nil {
		return fmt.Errorf("loading the AWS configuration: %w", err)
	}
	result, err := d.bootstrap(ctx, cfg)
	if err != nil {
		return err
	}
	d.bucket = result.Bucket
	d.service.AWS = cfg
	d.service.PathStyle = true
	d.service.Ingest.QueueURL = result.QueueURL
	d.service.Ingest.Buckets = []string{result.Bucket}
	d.service.Ingest.ExpectedBucketOwner = demoAccount
	d.service.Metrics.RankingInterval = 10 * time.Second
	if d.running, err = newService(d.service, d.log); err != nil {
		return err
	}
	d.golden = new(flowgen.Totals)
	d.generator, err = flowgen.New(flowgen.Config{Seed: d.seed, Ports: d.service.Metrics.Ports})
	if err != nil {
		return fmt.Errorf("configuring the generator: %w", err)
	}
	d.announce(url, result)
	return nil
}

func (d *demo) bootstrap(ctx context.Context, cfg aws.Config) (bootstrap.Result, error) {
	setup, err := bootstrap.New(bootstrap.Config{
		Bucket: demoBucket, Queue: "flowd", AccountID: demoAccount, Region: demoRegion,
		ResourceIDs: []string{demoVPC}, TrafficType: "all", Format: "recommended", Interval: time.Minute,
	}, setupClients(cfg, true))
	if err != nil {
		return bootstrap.Result{}, fmt.Errorf("configuring the set-up: %w", err)
	}
	plan, err := setup.Plan(ctx)
	if err != nil {
		return bootstrap.Result{}, fmt.Errorf("planning the set-up: %w", err)
	}
	fmt.Fprintf(d.stdout, "Setting up AWS on loopback, as flowd does on an account:\n%s\n", plan)
	result, err := setup.Apply(ctx, plan)
	if err != nil {
		return result, fmt.Errorf("setting up: %w", err)
	}
	return result, nil
}

func (d *demo) announce(url string, r bootstrap.Result) {
	base := "http://" + reachable(d.service.Web.ListenAddresses[0])
	fmt.Fprintf(d.stdout, `
  AWS endpoints  %s (S3, SQS, EC2; in this process)
  bucket         %s
  queue          %s
  flow logs      %s

  page           %s/
  metrics        %s/metrics   (what is new shows 0 to its first scrape, so that increase() misses nothing)
  top talkers    %s/api/v1/top

`, url, r.Bucket, r.QueueURL, strings.Join(r.FlowLogIDs, ", "), base, base, base)
}

// playUntilEnd delivers objects until the time is up or somebody interrupts, then checks what was counted.
func (d *demo) playUntilEnd(ctx context.Context) error {
	play := ctx
	if d.duration > 0 {
		var cancel context.CancelFunc
		play, cancel = context.WithTimeout(ctx, d.duration)
		defer cancel()
	}
	if err := d.play(play); err != nil {
		return err
	}
	select {
	case <-d.running.stopped:
		return nil // The service says why; what answers on its port now, if anything, is somebody else's.
	default:
		return d.verify(context.WithoutCancel(ctx))
	}
}

// play delivers an object at every interval, and a line of totals after each. The last fifth of a bounded run delivers nothing, so that what
// scrapes the demo sees the end of it.
func (d *demo) play(ctx context.Context) error {
	quiet := time.Now().Add(d.duration * 4 / 5)
	tick := time.NewTicker(d.interval)
	defer tick.Stop()
	for {
		if d.duration == 0 || time.Now().Before(quiet) {
			if err := d.deliver(context.WithoutCancel(ctx)); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.running.stopped:
			return nil
		case <-tick.C:
			d.status()
		}
	}
}

func (d *demo) deliver(ctx context.Context) error {
	if d.delivered%spikeEvery == spikeEvery-1 {
		d.generator.Spike(1)
	}
	object := d.generator.Object(time.Now())
	body := object.Body
	if d.tamper != nil {
		body = d.tamper(d.delivered, body)
	}
	d.golden.Merge(object.Totals)
	d.delivered++
	if err := d.server.Deliver(ctx, d.bucket, object.Key, body); err != nil {
		return fmt.Errorf("delivering s3://%s/%s: %w", d.bucket, object.Key, err)
	}
	return nil
}

// status prints what is committed so far. It does not read /metrics: a read there is a scrape, and would hide from a real Prometheus that
// label sets are new.
func (d *demo) status() {
	s := d.running.totals.Summary()
	fmt.Fprintf(d.stdout, "%s  objects %d of %d  records %d  accept %d  reject %d  %s\n",
		time.Now().Format(time.TimeOnly), s.Objects, d.delivered, s.Records, s.Accept, s.Reject, byteText(s.Bytes))
}

func byteText(n uint64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	v, i := float64(n), 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
