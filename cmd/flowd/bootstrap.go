package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"go.uber.org/zap"

	"flowd/internal/bootstrap"
)

// bootstrapSettings are what the set-up makes.
type bootstrapSettings struct {
	Bucket      string            `placeholder:"NAME" help:"Bucket to create or reuse; flowd-ACCOUNT-REGION when empty."`
	Prefix      string            `placeholder:"FOLDER" help:"Folder of the bucket to deliver to; the bucket itself when empty."`
	Queue       string            `default:"flowd" help:"Queue to create or reuse; its dead-letter queue has -dead-letter behind the name."`
	ResourceID  []string          `placeholder:"ID" help:"VPC, subnet, network interface, transit gateway or attachment to log; repeatable."`
	TrafficType string            `default:"all" enum:"accept,reject,all" help:"What to log: ${enum}."`
	Format      string            `default:"recommended" help:"Fields of the records: default, recommended, all, or a list such as '$${version} $${srcaddr}'."`
	Interval    duration          `default:"1m" help:"Aggregation interval: 1m or 10m."`
	Hive        bool              `help:"Name folders as Hive wants them."`
	Hourly      bool              `help:"Make a folder for each hour."`
	Retention   duration          `default:"0s" help:"How long S3 keeps the objects, in whole days such as 400d; 0 is for ever."`
	KMSKeyARN   string            `name:"kms-key-arn" placeholder:"ARN" help:"Customer key for the objects; SSE-S3 when empty."`
	Tag         map[string]string `placeholder:"KEY=VALUE" help:"Tags of everything that is created; repeatable."`
	Force       bool              `help:"Go on although resources overlap and every record of the overlap counts twice."`
	Volume      float64           `name:"volume-gb-per-day" default:"0" placeholder:"GB" help:"Gigabytes of flow log text a day, for the estimate of cost; 0 assumes one."`
}

// config is for an account; the names that depend on it are filled in.
func (b *bootstrapSettings) config(id identity) bootstrap.Config {
	return bootstrap.Config{
		Bucket: cmp.Or(b.Bucket, "flowd-"+id.account+"-"+id.region), Prefix: b.Prefix, Queue: b.Queue,
		AccountID: id.account, Region: id.region, Partition: id.partition,
		ResourceIDs: b.ResourceID, TrafficType: b.TrafficType, Format: b.Format, Interval: b.Interval.value(), Hive: b.Hive, Hourly: b.Hourly,
		Tags: b.Tag, Retention: b.Retention.value(), KMSKeyARN: b.KMSKeyARN, Force: b.Force, VolumeGBPerDay: b.Volume,
	}
}

// validate checks what does not depend on the account.
func (b *bootstrapSettings) validate(region string) error {
	any := identity{account: "000000000000", region: cmp.Or(region, "us-east-1"), partition: "aws"}
	if parts := strings.Split(b.KMSKeyARN, ":"); region == "" && len(parts) > 3 {
		any.region = parts[3] // The Region of the credentials is not known yet.
	}
	return b.config(any).Validate()
}

// identity is whose credentials these are, and where they are used.
type identity struct{ account, region, partition string }

// whoAmI asks STS. It needs no permission.
func whoAmI(ctx context.Context, cfg aws.Config) (identity, error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return identity{}, fmt.Errorf("asking AWS whose credentials these are: %w; see that there are some (environment, profile or role), that they are valid, and that the endpoint can be reached", err)
	}
	id := identity{account: aws.ToString(out.Account), region: cfg.Region}
	if name, err := arn.Parse(aws.ToString(out.Arn)); err == nil {
		id.partition = name.Partition
	}
	return id, nil
}

// setupClients are those that the set-up calls.
func setupClients(cfg aws.Config, pathStyle bool) bootstrap.Clients {
	return bootstrap.Clients{
		S3:  s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = pathStyle || onLoopback(o.BaseEndpoint) }),
		SQS: sqs.NewFromConfig(cfg),
		EC2: newEC2Calls(cfg),
	}
}

func (b *bootstrapSettings) setup(ctx context.Context, cfg aws.Config, pathStyle bool, progress func(string)) (*bootstrap.Setup, error) {
	id, err := whoAmI(ctx, cfg)
	if err != nil {
		return nil, err
	}
	c := b.config(id)
	c.Progress, c.EndpointFlags = progress, endpointFlags(cfg, pathStyle)
	return bootstrap.New(c, setupClients(cfg, pathStyle))
}

// endpointFlags reach the endpoints of cfg again. A password in the URL is left out.
func endpointFlags(cfg aws.Config, pathStyle bool) (flags []string) {
	if cfg.BaseEndpoint != nil {
		flags = append(flags, "--aws.endpoint-url="+redacted(*cfg.BaseEndpoint))
	}
	if pathStyle {
		flags = append(flags, "--s3.path-style")
	}
	return flags
}

// bootstrapCommand makes the set-up, and nothing else.
type bootstrapCommand struct {
	configFile
	AWS awsSettings `embed:"" prefix:"aws."`
	S3  struct {
		PathStyle bool `help:"Put the bucket into the path of requests; implied by an endpoint on loopback."`
	} `embed:"" prefix:"s3."`
	Setup  bootstrapSettings `embed:"" prefix:"bootstrap."`
	DryRun bool              `help:"Show the plan and change nothing."`
	output
	Log logSettings `embed:"" prefix:"log." set:"log_level=warn"`
}

// Run shows the plan, applies it, and shows what the service needs.
func (c *bootstrapCommand) Run(ctx context.Context, line *commandLine, to streams) error {
	if err := errors.Join(c.AWS.validate(), c.Setup.validate(c.AWS.Region)); err != nil {
		return usageError{line.origins.explain(err)}
	}
	log, _ := newLogger(c.Log, to.err)
	cfg, err := loadAWS(ctx, c.AWS, log)
	if err != nil {
		return err
	}
	setup, err := c.Setup.setup(ctx, cfg, c.S3.PathStyle, func(step string) { fmt.Fprintln(to.err, step) })
	if err != nil {
		return err
	}
	return c.perform(ctx, setup, to)
}

func (c *bootstrapCommand) perform(ctx context.Context, setup *bootstrap.Setup, to streams) error {
	plan, err := setup.Plan(ctx)
	if err != nil {
		return fmt.Errorf("planning the set-up: %w", err)
	}
	if !c.json() {
		fmt.Fprintln(to.out, plan)
	}
	shown := setupJSON{Plan: planJSONOf(plan)}
	if !c.DryRun {
		result, err := setup.Apply(ctx, plan)
		if err != nil {
			return fmt.Errorf("setting up: %w", err)
		}
		if !c.json() {
			_, err := fmt.Fprint(to.out, result.Report())
			return err
		}
		shown.Result = resultJSONOf(result)
	}
	if c.json() {
		return writeJSON(to.out, shown)
	}
	return nil
}

// bootstrapBeforeRun makes what is missing and completes the options with it. Where nothing is missing it only reads.
func (c *runCommand) bootstrapBeforeRun(ctx context.Context, o *serviceOptions, log *zap.Logger) error {
	log = log.Named("bootstrap")
	setup, err := c.Setup.setup(ctx, o.AWS, o.PathStyle, func(step string) { log.Info("setting up", zap.String("step", step)) })
	if err != nil {
		return err
	}
	plan, err := setup.Plan(ctx)
	if err != nil {
		return fmt.Errorf("planning the set-up: %w", err)
	}
	if steps := planJSONOf(plan).Steps; len(steps) > 0 {
		log.Info("this is missing and will be made", zap.Stringers("steps", steps))
	}
	for _, w := range plan.Warnings {
		log.Warn("set-up: mind this", zap.String("warning", w))
	}
	result, err := setup.Apply(ctx, plan)
	if err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	log.Info("the set-up is complete", zap.Int("steps", len(plan.Steps)), zap.String("bucket", result.Bucket), zap.String("queue_url", result.QueueURL),
		zap.Strings("flow_log_ids", result.FlowLogIDs))
	if len(plan.Steps) > 0 {
		tellNeeds(log, result)
	}
	o.use(result)
	return nil
}

// tellNeeds says once what `flowd bootstrap` prints at its end.
func tellNeeds(log *zap.Logger, r bootstrap.Result) {
	needs := needsOf(r)
	log.Info("from now on you may run it without --bootstrap, with these flags and a role that may do no more than this", zap.Strings("run_flags", r.RunFlags()),
		zap.Any("run_policy", needs.RunPolicy), zap.Any("cost_usd_a_month", needs.CostUSDAMonth))
}

// use reads what the set-up made, beside what the flags name.
func (o *serviceOptions) use(r bootstrap.Result) {
	if o.Ingest.QueueURL == "" && o.QueueName == "" {
		o.Ingest.QueueURL = r.QueueURL
	}
	if len(o.Ingest.Buckets) == 0 && len(o.Ingest.Prefixes) == 0 {
		o.Ingest.Prefixes = r.Prefixes
	}
	if !slices.Contains(o.Ingest.Buckets, r.Bucket) {
		o.Ingest.Buckets = append(o.Ingest.Buckets, r.Bucket)
	}
}
