package bootstrap

import (
	"math"
	"slices"
	"testing"
)

func TestTheFlagsOfRun(t *testing.T) {
	r := newAccount(t).apply(config(everything))
	want := []string{"--aws.region=eu-central-1", "--sqs.queue-url=" + r.QueueURL, "--s3.bucket=acme-flow-logs", "--s3.prefix=net/AWSLogs/123456789012/vpcflowlogs/"}
	if got := r.RunFlags(); r.QueueURL == "" || !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheDeadLetterQueueOfOthersIsInTheResult(t *testing.T) {
	a := newAccount(t)
	a.createQueue("theirs", nil)
	a.createQueue("flowd", map[string]string{"RedrivePolicy": redriveTo(queueARN("theirs"), "5")})
	if got, want := a.apply(config()).DeadLetterQueueURL, "http://aws.test/123456789012/theirs"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCost(t *testing.T) {
	for _, tc := range []struct {
		name              string
		volume            float64
		change            func(*Config)
		delivery, storage float64 // US dollars a month.
	}{
		{"an assumed gigabyte, kept for ever", 0, func(*Config) {}, 30 * 0.25, 3 * 0.023},
		{"ten gigabytes for a year", 10, func(c *Config) { c.Retention = 365 * day }, 300 * 0.25, 365 * 0.023},
		{"into the second tier", 400, func(*Config) {}, 10240*0.25 + (12000-10240)*0.15, 1200 * 0.023},
		{"into the last tier", 2000, func(*Config) {}, 10240*0.25 + 20480*0.15 + 20480*0.075 + (60000-51200)*0.05, 6000 * 0.023},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := Result{cfg: config(tc.change, func(c *Config) { c.VolumeGBPerDay = tc.volume })}.CostEstimate()
			if math.Abs(e.Delivery-tc.delivery) > 0.005 || math.Abs(e.Storage-tc.storage) > 0.005 || e.Assumed != (tc.volume == 0) {
				t.Errorf("got %+v, want delivery %.2f and storage %.2f", e, tc.delivery, tc.storage)
			}
			if e.Requests < 0.5 || e.Requests > 5 {
				t.Errorf("got %.2f for the requests of one flow log, want about a dollar", e.Requests)
			}
		})
	}
}

func TestQuotedForAShell(t *testing.T) {
	for in, want := range map[string]string{"--a=b/c=d": "--a=b/c=d", "my team": "'my team'", "it's": `'it'\''s'`} {
		if got := quoted(in); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
