package bootstrap

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Config says what there should be.
type Config struct {
	Bucket      string // Created or reused.
	Prefix      string // Folder inside the bucket, without slashes at its ends; may be empty.
	Queue       string // Created or reused; its dead-letter queue has "-dead-letter" behind the name.
	AccountID   string // 12 digits.
	Region      string
	Partition   string        // aws when empty; aws-us-gov, aws-cn.
	ResourceIDs []string      // What to log; the kind is told from the ID.
	TrafficType string        // accept, reject, all.
	Format      string        // default, recommended, all, or `${field} ${field}`.
	Interval    time.Duration // 1 or 10 minutes.
}

// Validate says what is wrong with the configuration, every fault at once.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`).MatchString(c.Bucket), "bootstrap.bucket: %q is not a bucket name", c.Bucket)
	check(regexp.MustCompile(`^[A-Za-z0-9_-]{1,68}$`).MatchString(c.Queue), "bootstrap.queue: %q is not a name of a standard queue", c.Queue)
	check(regexp.MustCompile(`^\d{12}$`).MatchString(c.AccountID), "the account ID must have 12 digits, got %q", c.AccountID)
	check(c.Region != "", "aws.region is missing")
	check(!strings.HasPrefix(c.Prefix, "/") && !strings.HasSuffix(c.Prefix, "/") && !strings.HasPrefix(c.Prefix, "AWSLogs"), "the prefix %q must not begin or end with a slash, nor with AWSLogs, which AWS refuses", c.Prefix)
	check(c.TrafficType == "accept" || c.TrafficType == "reject" || c.TrafficType == "all", "bootstrap.traffic-type must be accept, reject or all, got %q", c.TrafficType)
	check(c.Interval == time.Minute || c.Interval == 10*time.Minute, "bootstrap.interval must be 1m or 10m, got %s", c.Interval)
	for _, id := range c.ResourceIDs {
		_, err := kindOf(id)
		errs = append(errs, err)
	}
	_, err := logFormat(c.Format)
	return errors.Join(append(errs, err)...)
}

// kindOf tells the kind of a resource from its ID.
func kindOf(id string) (ec2types.FlowLogsResourceType, error) {
	for _, k := range []struct {
		prefix string
		kind   ec2types.FlowLogsResourceType
	}{
		{"vpc-", ec2types.FlowLogsResourceTypeVpc},
		{"subnet-", ec2types.FlowLogsResourceTypeSubnet},
		{"eni-", ec2types.FlowLogsResourceTypeNetworkInterface},
		{"tgw-attach-", ec2types.FlowLogsResourceTypeTransitGatewayAttachment},
		{"tgw-", ec2types.FlowLogsResourceTypeTransitGateway},
	} {
		if strings.HasPrefix(id, k.prefix) {
			return k.kind, nil
		}
	}
	return "", fmt.Errorf("bootstrap.resource-id: %q is not the ID of a VPC, subnet, network interface, transit gateway or attachment", id)
}

func (c Config) partition() string {
	if c.Partition == "" {
		return "aws"
	}
	return c.Partition
}

func (c Config) bucketARN() string { return "arn:" + c.partition() + ":s3:::" + c.Bucket }

// folder is the prefix with its slash.
func (c Config) folder() string {
	if c.Prefix == "" {
		return ""
	}
	return c.Prefix + "/"
}

func (c Config) deadLetterQueue() string { return c.Queue + "-dead-letter" }
