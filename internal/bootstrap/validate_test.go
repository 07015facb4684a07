package bootstrap

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestConfigurationsThatAreWrong(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no bucket", func(c *Config) { c.Bucket = "" }, "bootstrap.bucket"},
		{"an ARN for a bucket", func(c *Config) { c.Bucket = "arn:aws:s3:::b" }, "bootstrap.bucket"},
		{"two dots in a bucket", func(c *Config) { c.Bucket = "a..b" }, "bootstrap.bucket"},
		{"a FIFO queue", func(c *Config) { c.Queue = "flowd.fifo" }, "is a FIFO queue, and S3 cannot notify one"},
		{"a queue whose dead-letter queue has no room", func(c *Config) { c.Queue = strings.Repeat("q", 69) }, "at most 68 characters"},
		{"a short account", func(c *Config) { c.AccountID = "1234" }, "12 digits"},
		{"no Region", func(c *Config) { c.Region = "" }, "aws.region"},
		{"a prefix with a slash", func(c *Config) { c.Prefix = "/a" }, "must not begin or end with a slash"},
		{"a prefix that AWS refuses", func(c *Config) { c.Prefix = "a/AWSLogs" }, "AWSLogs"},
		{"a prefix that widens the policy", func(c *Config) { c.Prefix = "a*" }, "may have letters"},
		{"a prefix that is a variable in the policy", func(c *Config) { c.Prefix = "${aws:username}" }, "may have letters"},
		{"an alias for a key", func(c *Config) { c.KMSKeyARN = "arn:aws:kms:eu-central-1:123456789012:alias/a" }, "neither key IDs nor aliases"},
		{"a key elsewhere", func(c *Config) { c.KMSKeyARN = "arn:aws:kms:us-east-1:123456789012:key/a" }, "in eu-central-1"},
		{"half a day of retention", func(c *Config) { c.Retention = 36 * time.Hour }, "whole days"},
		{"a negative retention", func(c *Config) { c.Retention = -day }, "whole days"},
		{"a negative volume", func(c *Config) { c.VolumeGBPerDay = -1 }, "negative"},
		{"traffic of no kind", func(c *Config) { c.TrafficType = "ALL" }, "accept, reject or all"},
		{"an interval of 5 minutes", func(c *Config) { c.Interval = 5 * time.Minute }, "1m or 10m"},
		{"an instance", func(c *Config) { c.ResourceIDs = []string{"i-0123"} }, "not the ID of a VPC"},
		{"a prefix that leads out", func(c *Config) { c.Prefix = "logs/../secrets" }, "no folder . or .."},
		{"a resource twice", func(c *Config) { c.ResourceIDs = []string{testVPC, testVPC} }, "is given twice"},
		{"a format that nobody knows", func(c *Config) { c.ResourceIDs, c.Format = nil, "full" }, "${field}"},
		{"a format for the wrong kind", func(c *Config) { c.ResourceIDs, c.Format = []string{testTransit}, "${action}" }, "no field ${action}"},
		{"a tag of AWS", func(c *Config) { c.Tags = map[string]string{"AWS:x": "y"} }, "not begin with aws:"},
		{"a long tag", func(c *Config) { c.Tags = map[string]string{"x": strings.Repeat("y", 257)} }, "256"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := New(config(tc.change), Clients{})
			contains(t, fmt.Sprint(err), "configuring the set-up", tc.want)
		})
	}
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	err := Config{}.Validate()
	for _, want := range []string{"bootstrap.bucket", "bootstrap.queue", "12 digits", "aws.region", "bootstrap.traffic-type", "bootstrap.interval", "bootstrap.format"} {
		contains(t, fmt.Sprint(err), want)
	}
}

func TestConfigurationsThatAreRight(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"the plain one": func(*Config) {}, "everything": everything, "a key": func(c *Config) { c.KMSKeyARN = testKey },
		"GovCloud": func(c *Config) { c.Region = "us-gov-west-1" }, "a folder in a folder": func(c *Config) { c.Prefix = "my team/logs" },
	} {
		if err := config(change).Validate(); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
