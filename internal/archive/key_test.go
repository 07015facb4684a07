package archive

import (
	"testing"
	"time"
)

func TestParseKey(t *testing.T) {
	const name = "123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20260131T2355Z_0a1b2c3d"
	want := Key{AccountID: "123456789012", Region: "eu-west-1", FlowLogID: "fl-0123456789abcdef0", Time: time.Date(2026, 1, 31, 23, 55, 0, 0, time.UTC)}
	const plain = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/01/31/"
	const hive = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=01/day=31/"
	for what, key := range map[string]string{
		"the layout of AWS":                    plain + name + ".log.gz",
		"a prefix of several folders":          "team a/logs/" + plain + name + ".log.gz",
		"hourly partitions":                    plain + "23/" + name + ".log.gz",
		"Hive":                                 hive + name + ".log.gz",
		"Hive and hours":                       "p/" + hive + "hour=23/" + name + ".log.gz",
		"Hive of a transit gateway":            "AWSLogs/aws-account-id=123456789012/service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=01/day=31/" + name + ".log.gz",
		"Parquet":                              plain + name + ".log.parquet",
		"a copy that was inflated":             plain + name + ".log",
		"a copy somewhere else":                "/tmp/copies/" + name + ".log.gz",
		"a copy of the last folder":            "31/" + name + ".log.gz",
		"nothing but the name":                 name + ".log.gz",
		"a folder whose name only looks alike": "MyAWSLog/" + name + ".log.gz",
	} {
		if got, ok := NewKeyParser().Parse(key); !ok || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", what, got, ok, want)
		}
	}
}

func TestForeignKeysSayNothing(t *testing.T) {
	const name = "123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20260131T2355Z_0a1b2c3d.log.gz"
	for what, key := range map[string]string{
		"nothing":                       "",
		"a folder":                      "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/01/31/",
		"another name":                  "flows.log.gz",
		"a name that goes on":           name + ".bak",
		"a name that begins before":     "copy-of-" + name,
		"a month that is none":          "123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20261331T2355Z_0a1b2c3d.log.gz",
		"another day than the folder":   "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/01/30/" + name,
		"another hour than the folder":  "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/01/31/22/" + name,
		"another region":                "AWSLogs/123456789012/vpcflowlogs/eu-west-2/2026/01/31/" + name,
		"another account":               "AWSLogs/123456789013/vpcflowlogs/eu-west-1/2026/01/31/" + name,
		"a layout that is not AWS's":    "AWSLogs/eu-west-1/" + name,
		"another service":               "AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2026/01/31/" + name,
		"a folder between the last two": "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/01/31/23/extra/" + name,
	} {
		if got, ok := NewKeyParser().Parse(key); ok {
			t.Errorf("%s: got %+v, want nothing", what, got)
		}
	}
}

func TestWindow(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 1, 31, hour, minute, 0, 0, time.UTC) }
	ten := Window{From: at(10, 0), To: at(11, 0)}
	for _, c := range []struct {
		what  string
		w     Window
		stamp time.Time
		want  bool
	}{
		{"an open window takes everything", Window{}, at(3, 0), true},
		{"a stamp inside", ten, at(10, 30), true},
		{"records a few minutes younger than the stamp", ten, at(9, 55), true},
		{"the last stamp before that is early enough", ten, at(9, 0), true},
		{"a stamp that is too early", ten, at(8, 59), false},
		{"a delivery that was late by most of a day", ten, at(10, 59).Add(24 * time.Hour), true},
		{"a delivery that was late by more than a day", ten, at(11, 1).Add(24 * time.Hour), false},
		{"no end", Window{From: at(10, 0)}, at(23, 0).Add(1000 * time.Hour), true},
		{"no end, and too early", Window{From: at(10, 0)}, at(8, 0), false},
		{"no beginning", Window{To: at(11, 0)}, at(0, 0).Add(-1000 * time.Hour), true},
		{"no beginning, and too late", Window{To: at(11, 0)}, at(12, 0).Add(24 * time.Hour), false},
	} {
		if got := c.w.MayHold(Key{Time: c.stamp}); got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, got, c.want)
		}
	}
}
