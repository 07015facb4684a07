package bootstrap

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Validate says what is wrong with the configuration, every fault at once. It does no I/O.
func (c Config) Validate() error {
	var v faults
	v.match(c.Bucket, `^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`, "bootstrap.bucket: %q is not a bucket name")
	v.check(!strings.Contains(c.Bucket, ".."), "bootstrap.bucket: %q is not a bucket name", c.Bucket)
	if strings.HasSuffix(c.Queue, ".fifo") {
		v.check(false, "bootstrap.queue: %q is a FIFO queue, and S3 cannot notify one; name a standard queue", c.Queue)
	} else {
		v.match(c.Queue, `^[A-Za-z0-9_-]{1,68}$`, "bootstrap.queue: %q is not a name of a standard queue of at most 68 characters")
	}
	v.match(c.AccountID, `^\d{12}$`, "the account ID must have 12 digits, got %q")
	v.match(c.Region, `^[a-z]{2,}(-[a-z]+)+-\d+$`, "aws.region: %q is not a Region")
	// A star would widen the policies, and a dollar would be a variable in them.
	v.match(c.Prefix, `^[A-Za-z0-9 _./=+@-]*$`, "bootstrap.prefix: %q may have letters, digits, blanks and any of _./=+@- only")
	v.check(!strings.HasPrefix(c.Prefix, "/") && !strings.HasSuffix(c.Prefix, "/") && !slices.Contains(strings.Split(c.Prefix, "/"), "AWSLogs"),
		"bootstrap.prefix: %q must not begin or end with a slash, nor have a folder AWSLogs, which AWS refuses", c.Prefix)
	v.check(!slices.ContainsFunc(strings.Split(c.Prefix, "/"), func(folder string) bool { return folder == "." || folder == ".." }),
		"bootstrap.prefix: %q must have no folder . or ..: what reads keys as paths would look elsewhere", c.Prefix)
	v.check(c.KMSKeyARN == "" || regexp.MustCompile(`^arn:aws[a-z-]*:kms:`+regexp.QuoteMeta(c.Region)+`:\d{12}:key/[A-Za-z0-9-]+$`).MatchString(c.KMSKeyARN),
		"bootstrap.kms-key-arn: %q is not the ARN of a key in %s; log delivery takes neither key IDs nor aliases", c.KMSKeyARN, c.Region)
	v.check(c.Retention >= 0 && c.Retention%day == 0, "bootstrap.retention must be whole days, got %s", c.Retention)
	v.check(c.VolumeGBPerDay >= 0, "bootstrap.volume-gb-per-day must not be negative, got %g", c.VolumeGBPerDay)
	c.checkFlowLogs(&v)
	c.checkTags(&v)
	return errors.Join(v.all...)
}

func (c Config) checkFlowLogs(v *faults) {
	v.check(slices.Contains([]string{"accept", "reject", "all"}, c.TrafficType), "bootstrap.traffic-type must be accept, reject or all, got %q", c.TrafficType)
	v.check(c.Interval == time.Minute || c.Interval == 10*time.Minute, "bootstrap.interval must be 1m or 10m, got %s", c.Interval)
	for i, id := range c.ResourceIDs {
		_, err := kindOf(id)
		v.add(err)
		v.check(!slices.Contains(c.ResourceIDs[:i], id), "bootstrap.resource-id: %s is given twice", id)
		_, err = logFormat(c.Format, transit(id))
		v.add(err)
	}
	if len(c.ResourceIDs) == 0 {
		_, err := logFormat(c.Format, false)
		v.add(err)
	}
}

// checkTags wants tags that every service takes.
// Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
func (c Config) checkTags(v *faults) {
	v.check(len(c.Tags) < 50, "bootstrap.tag: at most 49 are possible, got %d", len(c.Tags))
	for _, key := range sortedKeys(c.Tags) {
		v.check(key != "" && len(key) <= 128 && !strings.HasPrefix(strings.ToLower(key), "aws:"), "bootstrap.tag: the key %q must have 1 to 128 characters and not begin with aws:", key)
		v.check(len(c.Tags[key]) <= 256, "bootstrap.tag: the value of %q must have at most 256 characters", key)
	}
}

// faults collects, so that a person mends everything at once.
type faults struct{ all []error }

func (f *faults) add(err error) {
	if err != nil && !slices.ContainsFunc(f.all, func(e error) bool { return e.Error() == err.Error() }) {
		f.all = append(f.all, err)
	}
}

func (f *faults) check(ok bool, format string, args ...any) {
	if !ok {
		f.add(fmt.Errorf(format, args...))
	}
}

func (f *faults) match(value, pattern, format string) {
	f.check(regexp.MustCompile(pattern).MatchString(value), format, value)
}
