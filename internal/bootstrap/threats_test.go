package bootstrap

import (
	"encoding/json"
	"slices"
	"testing"
)

// T03 somebody else sends messages: only S3 may, for this bucket and from this account; nobody may do anything without TLS; and the dead-letter queue has
// no policy, so that only the account's own roles reach it.
func TestT03_OnlyThisBucketMaySend(t *testing.T) {
	a := newAccount(t)
	a.apply(config())
	var policy struct{ Statement []statement }
	must(t, json.Unmarshal([]byte(a.attributes("flowd")["Policy"]), &policy))
	allowed, denied := 0, 0
	for _, s := range policy.Statement {
		switch s.Effect {
		case "Allow":
			allowed++
			conditions := s.Condition["ArnLike"]["aws:SourceArn"]
			conditions = append(slices.Clone(conditions), s.Condition["StringEquals"]["aws:SourceAccount"]...)
			if want := (values{"arn:aws:s3:::" + testBucket, testAccount}); !slices.Equal(conditions, want) {
				t.Errorf("%s: got the conditions %q, want %q", s.Sid, conditions, want)
			}
			if s.everybody() || !s.Principal.include("s3.amazonaws.com") || !slices.Equal(s.Action, values{"sqs:SendMessage"}) || len(s.NotAction)+len(s.NotResource) > 0 {
				t.Errorf("%s: got %+v, want S3 to send, and nothing else", s.Sid, s)
			}
		case "Deny":
			denied++
			if !s.everybody() || s.Condition["Bool"]["aws:SecureTransport"][0] != "false" {
				t.Errorf("%s: got %+v, want to deny everybody what is without TLS", s.Sid, s)
			}
		}
	}
	if allowed != 1 || denied != 1 || len(policy.Statement) != 2 {
		t.Errorf("looked at %d that allow and %d that deny of %d statements, want one of each", allowed, denied, len(policy.Statement))
	}
	if dead := a.attributes("flowd-dead-letter")["Policy"]; dead != "" {
		t.Errorf("the dead-letter queue: got the policy %s, want none", dead)
	}
}
