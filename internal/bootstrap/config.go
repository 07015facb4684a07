package bootstrap

import (
	"fmt"
	"strings"
	"time"
)

// Config says what there should be. The zero value of everything behind Interval is a sensible default.
type Config struct {
	Bucket    string // Created or reused; in Region.
	Prefix    string // Folder inside the bucket, without slashes at its ends; may be empty.
	Queue     string // Created or reused; its dead-letter queue has "-dead-letter" behind the name.
	AccountID string // 12 digits: the account that owns everything here.
	Region    string
	// Partition is told from the Region when it is empty: aws, aws-us-gov, aws-cn.
	Partition string

	// ResourceIDs are what to log: VPCs, subnets, network interfaces, transit gateways and their attachments, told apart by their IDs. Each gets
	// a flow log of its own. Empty sets up everything but flow logs.
	ResourceIDs []string
	TrafficType string        // accept, reject, all. Transit gateways log everything, whatever this says.
	Format      string        // default, recommended, all, or `${field} ${field}`.
	Interval    time.Duration // 1 or 10 minutes. Transit gateways have 1 minute, whatever this says.

	Hive   bool // Folders are named as Hive wants them: year=2026/month=11.
	Hourly bool // A folder for each hour, below that of the day.
	// Tags are put on everything that is created, beside created-by=flowd on flow logs and queues. What exists keeps its own.
	Tags map[string]string
	// Retention is how long S3 keeps flow log objects: whole days. 0 writes no rule, and S3 keeps them for ever.
	Retention time.Duration
	// KMSKeyARN is a customer managed key for the objects; empty means SSE-S3, or whatever customer key the bucket has already.
	KMSKeyARN string
	// Force goes on where resources overlap and every record counts twice. Nothing else is forced.
	Force bool
	// VolumeGBPerDay is how much the flow logs will hold, for the estimate of cost: gigabytes of text before compression. 0 assumes one.
	VolumeGBPerDay float64
	// EndpointFlags are flags of `flowd run` that reach the same AWS endpoints, when they are not those of AWS itself.
	EndpointFlags []string
	// Progress is told of every step that begins and every wait, in a line without its end, by the goroutine of Apply. nil is silent.
	Progress func(line string)
}

// partitionOf tells the partition from the Region.
// Source: https://docs.aws.amazon.com/general/latest/gr/rande.html
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func (c Config) partition() string {
	if c.Partition == "" {
		return partitionOf(c.Region)
	}
	return c.Partition
}

func (c Config) bucketARN() string { return "arn:" + c.partition() + ":s3:::" + c.Bucket }

func (c Config) queueARN(name string) string {
	return fmt.Sprintf("arn:%s:sqs:%s:%s:%s", c.partition(), c.Region, c.AccountID, name)
}

func (c Config) deadLetterQueue() string { return c.Queue + "-dead-letter" }

// folder is the prefix with its slash.
func (c Config) folder() string {
	if c.Prefix == "" {
		return ""
	}
	return c.Prefix + "/"
}

// destination is where the flow logs deliver to, as EC2 wants it.
func (c Config) destination() string {
	return strings.TrimSuffix(c.bucketARN()+"/"+c.folder(), "/")
}

// keyPrefixes are the beginnings of the keys of flowd's objects. They name account and service, because other services of AWS and other
// accounts write below AWSLogs/ too, and what flowd retains, announces and reads must not be theirs. The documents differ on the name of the
// folder that transit gateways have in the Hive layout.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html and the page flow-logs-s3 of the transit gateway guide.
func (c Config) keyPrefixes() []string {
	if !c.Hive {
		return []string{c.folder() + "AWSLogs/" + c.AccountID + "/vpcflowlogs/"}
	}
	account := c.folder() + "AWSLogs/aws-account-id=" + c.AccountID + "/"
	prefixes := []string{account + "aws-service=vpcflowlogs/"}
	for _, id := range c.ResourceIDs {
		if transit(id) {
			return append(prefixes, account+"service=vpcflowlogs/")
		}
	}
	return prefixes
}

func (c Config) retentionDays() int32 { return int32(c.Retention / day) }

// kept is the retention in words.
func (c Config) kept() string { return count(int(c.retentionDays()), "day") }

const day = 24 * time.Hour
