package bootstrap

import (
	"regexp"
	"testing"
)

// TestThePlanForAPerson holds what a person reads before agreeing against golden files.
func TestThePlanForAPerson(t *testing.T) {
	t.Run("an empty account", func(t *testing.T) {
		golden(t, "plan-empty", newAccount(t).plan(config(everything)).String())
	})
	t.Run("everything there", func(t *testing.T) {
		a, c := newAccount(t), config(everything)
		a.apply(c)
		golden(t, "plan-complete", masked(a.plan(c).String()))
	})
	t.Run("half done", func(t *testing.T) {
		a, c := newAccount(t), config(everything)
		plan := a.plan(c)
		a.fail = nthWrite(5, awsError("AccessDenied", "no"))
		_, err := a.setup(c).Apply(t.Context(), plan)
		if err == nil {
			t.Fatal("got no error of the planted failure")
		}
		golden(t, "step-error", err.Error()+"\n")
		a.fail = nil
		golden(t, "plan-half", masked(a.plan(c).String()))
	})
	t.Run("things of others beside", func(t *testing.T) {
		golden(t, "plan-foreign", masked(foreign(t).plan(config(everything)).String()))
	})
	t.Run("things of others in the way", func(t *testing.T) {
		a := foreign(t)
		n := foreignNotification()
		n.QueueConfigurations[0].Filter = nil
		n.TopicConfigurations, n.LambdaFunctionConfigurations = nil, nil
		a.putNotification(n)
		a.putPolicy(`{"Statement":[{"Sid":"OnlyUs","Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"s3:*","Resource":"*"}]}`)
		golden(t, "refusal", a.refused(config(everything, func(c *Config) { c.ResourceIDs = []string{testVPC, testENI} }))+"\n")
	})
	t.Run("customer keys and everything that can be chosen", func(t *testing.T) {
		a := newAccount(t)
		a.createQueue("flowd", map[string]string{"KmsMasterKeyId": "alias/acme"})
		golden(t, "plan-keys", masked(a.plan(config(func(c *Config) {
			c.KMSKeyARN, c.Hive, c.Hourly, c.Format, c.TrafficType, c.Interval = testKey, true, true, "all", "reject", 10*minute
		})).String()))
	})
}

const (
	testKey = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	minute  = day / 24 / 60
)

// TestTheReportForAPerson holds what a person reads in the end against golden files.
func TestTheReportForAPerson(t *testing.T) {
	t.Run("with the defaults", func(t *testing.T) {
		golden(t, "report", masked(newAccount(t).apply(config()).Report()))
	})
	t.Run("with everything", func(t *testing.T) {
		a := newAccount(t)
		a.createQueue("flowd", map[string]string{"KmsMasterKeyId": "alias/acme"})
		r := a.apply(config(everything, func(c *Config) { c.KMSKeyARN, c.VolumeGBPerDay, c.Prefix, c.Hive = testKey, 700, "my team", true }))
		golden(t, "report-everything", masked(r.Report()))
	})
}

// masked leaves out the IDs that the endpoint invents.
func masked(text string) string {
	return regexp.MustCompile(`fl-[0-9a-f]{17}`).ReplaceAllString(text, "fl-…")
}

func TestAPlanShowsOnlyTheSectionsItHas(t *testing.T) {
	for _, tc := range []struct {
		name string
		plan Plan
		want string
	}{
		{"an empty plan needs nothing", Plan{}, "Nothing is missing.\n"},
		{"lines within an entry are indented", Plan{Warnings: []string{"a\nb"}}, "Mind:\n   - a\n     b\nNothing is missing.\n"},
		{"a plan with a step does not say that nothing is missing", Plan{Steps: []Step{{Resource: "bucket b", Action: "create it"}}}, "To be done:\n   1. bucket b: create it\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.plan.String(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
