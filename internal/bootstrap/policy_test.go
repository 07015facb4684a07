package bootstrap

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestADocumentGoesBackAsItCame(t *testing.T) {
	for _, tc := range []struct{ name, have, want string }{
		{"nothing", "", `{"Version":"2012-10-17","Statement":[{"Sid":"S"}]}`},
		{"members keep their order and their text", `{"Id":"<x>", "Version" : "2008-10-17" , "Statement":[ ]}`, `{"Id":"<x>","Version":"2008-10-17","Statement":[{"Sid":"S"}]}`},
		{"a document without statements", `{"Version":"2012-10-17"}`, `{"Version":"2012-10-17","Statement":[{"Sid":"S"}]}`},
		{"a lone statement becomes the first", `{"Statement":{"Sid" : "A & B"},"Id":"i"}`, `{"Statement":[{"Sid" : "A & B"},{"Sid":"S"}],"Id":"i"}`},
		{"ours is replaced in its place", `{"Statement":[{"Sid":"A"},{"Sid":"S","Effect":"Deny"},{"Sid":"B"}]}`, `{"Statement":[{"Sid":"A"},{"Sid":"S"},{"Sid":"B"}]}`},
		{"ours is there", `{"Statement":[{"Sid":"S"}]}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := parseDocument(tc.have)
			must(t, err)
			changed := d.merge(map[string]any{"Sid": "S"})
			if changed != (tc.want != "") {
				t.Fatalf("got changed %t", changed)
			}
			if got := d.text(); changed && got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestADocumentThatDoesNotParse(t *testing.T) {
	for _, text := range []string{"[]", "{", `{"Statement":7}`, `{"Statement":"x"}`, `{"Statement":[}`} {
		if _, err := parseDocument(text); err == nil {
			t.Errorf("%s: got no error", text)
		}
	}
}

func TestStatementsAreComparedAsAWSWritesThem(t *testing.T) {
	ours := statementText(config().deliveryStatements()[0])
	for _, tc := range []struct {
		name   string
		change func(string) string
		same   bool
	}{
		{"as it is", func(s string) string { return s }, true},
		{"a list of one is a string", func(s string) string {
			return strings.Replace(s, `"Action":"s3:PutObject"`, `"Action":["s3:putobject"]`, 1)
		}, true},
		{"a list in another order", func(s string) string {
			a := "arn:aws:s3:::acme-flow-logs/AWSLogs/"
			return strings.Replace(s, fmt.Sprintf(`["%s123456789012/*","%saws-account-id=123456789012/*"]`, a, a), fmt.Sprintf(`["%saws-account-id=123456789012/*","%s123456789012/*"]`, a, a), 1)
		}, true},
		{"another action", func(s string) string { return strings.Replace(s, "s3:PutObject", "s3:*", 1) }, false},
		{"another account", func(s string) string { return strings.Replace(s, "123456789012", "999999999999", 1) }, false},
		{"a condition less", func(s string) string { return strings.Replace(s, "ArnLike", "ArnLikeIfExists", 1) }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			changed := tc.change(ours)
			if tc.name != "as it is" && changed == ours {
				t.Fatal("the case changes nothing")
			}
			if got := sameStatement([]byte(changed), []byte(ours)); got != tc.same {
				t.Errorf("got same %t of\n%s\n%s", got, changed, ours)
			}
		})
	}
	if !sameStatement([]byte(`{"Principal":"*"}`), []byte(`{"Principal":{"AWS":"*"}}`)) {
		t.Error("everybody in the long form is not the same as in the short one")
	}
}

func TestAPolicyThatWouldBeTooLargeIsSeenInAdvance(t *testing.T) {
	a := newAccount(t)
	a.createBucket(testBucket)
	const begin, end = `{"Statement":[{"Sid":"Long","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-flow-logs/`, `"}]}`
	a.putPolicy(begin + strings.Repeat("x", maxBucketPolicy-len(begin)-len(end)) + end)
	contains(t, a.refused(config()), "and S3 takes 20480: remove some of the 1 statement of others")
}

// TestDenialsOfLogDelivery holds what silences a flow log against what only looks like it.
func TestDenialsOfLogDelivery(t *testing.T) {
	const all = `"Action":"s3:*","Resource":"*"`
	condition := func(text string) string { return `"Principal":"*",` + all + `,"Condition":{` + text + `}` }
	for _, tc := range []struct {
		name, statement string
		want            verdict
	}{
		{"everybody", `"Principal":"*",` + all, yes},
		{"everybody, in the long form", `"Principal":{"AWS":"*"},` + all, yes},
		{"the service", `"Principal":{"Service":["x","delivery.logs.amazonaws.com"]},"Action":"S3:Put*","Resource":"arn:aws:s3:::acme-flow-logs/*"`, yes},
		{"another service", `"Principal":{"Service":"cloudtrail.amazonaws.com"},` + all, no},
		{"another account", `"Principal":{"AWS":"arn:aws:iam::999999999999:root"},` + all, no},
		{"all but one account", `"NotPrincipal":{"AWS":"arn:aws:iam::123456789012:root"},` + all, yes},
		{"all but the service", `"NotPrincipal":{"Service":"delivery.logs.amazonaws.com"},` + all, no},
		{"another action", `"Principal":"*","Action":["s3:GetObject","s3:DeleteObject"],"Resource":"*"`, no},
		{"the look at the ACL", `"Principal":"*","Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::acme-flow-logs"`, yes},
		{"every action but reading", `"Principal":"*","NotAction":"s3:Get*","Resource":"*"`, yes},
		{"every action but writing and looking", `"Principal":"*","NotAction":["s3:Put*","s3:GetBucketAcl"],"Resource":"*"`, no},
		{"another folder", `"Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::acme-flow-logs/backup/*"`, no},
		{"everything but one folder", `"Principal":"*","Action":"s3:PutObject","NotResource":"arn:aws:s3:::acme-flow-logs/backup/*"`, yes},
		{"everything but our folder", `"Principal":"*","Action":"s3:PutObject","NotResource":"arn:aws:s3:::acme-flow-logs/AWSLogs/*"`, no},
		{"without TLS", condition(`"Bool":{"aws:SecureTransport":false}`), no},
		{"with TLS", condition(`"Bool":{"aws:SecureTransport":"true"}`), yes},
		{"another account than ours", condition(`"StringNotEquals":{"aws:SourceAccount":["999999999999"]}`), yes},
		{"another account than ours, where there is one", condition(`"StringNotEqualsIfExists":{"AWS:SourceAccount":"123456789012"}`), no},
		{"no service", condition(`"BoolIfExists":{"aws:PrincipalIsAWSService":"false"},"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}`), no},
		{"outside the organisation", condition(`"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}`), maybe},
		{"inside an organisation", condition(`"StringEquals":{"aws:PrincipalOrgID":"o-1"}`), no},
		{"without encryption", condition(`"Null":{"s3:x-amz-server-side-encryption":"true"}`), maybe},
		{"with an ACL", condition(`"Null":{"s3:x-amz-acl":"true"}`), no},
		{"from some addresses", condition(`"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}`), maybe},
		{"another source", condition(`"ArnNotLike":{"aws:SourceArn":"arn:aws:logs:eu-central-1:123456789012:*"}`), no},
		{"another ACL", condition(`"StringNotLike":{"s3:x-amz-acl":"bucket-owner-*"}`), no},
	} {
		t.Run(tc.name, func(t *testing.T) {
			raw := json.RawMessage(`{"Sid":"Theirs","Effect":"Deny",` + tc.statement + `}`)
			got := no
			for _, a := range config().attempts() {
				got = max(got, parseStatement(raw).denies(a))
			}
			if got != tc.want {
				t.Errorf("got verdict %d, want %d", got, tc.want)
			}
			if allow := parseStatement(json.RawMessage(strings.Replace(string(raw), "Deny", "Allow", 1))); allow.denies(config().attempts()[0]) != no {
				t.Error("a statement that allows is taken for a denial")
			}
		})
	}
	for _, st := range config().deliveryStatements() {
		if got := parseStatement(json.RawMessage(statementText(st))).denies(config().attempts()[0]); got != no {
			t.Errorf("flowd's own statement %s denies log delivery", st["Sid"])
		}
	}
}

func TestADenialInThePlan(t *testing.T) {
	deny := func(rest string) string { return `{"Statement":[{"Sid":"Theirs","Effect":"Deny",` + rest + `}]}` }
	for _, tc := range []struct {
		name, policy string
		refused      bool
		want         string
	}{
		{"a sure one", deny(`"NotPrincipal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"s3:*","Resource":"*"`), true, `statement "Theirs" in the policy of bucket acme-flow-logs denies log delivery`},
		{"a possible one", deny(`"Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}`), false, `statement "Theirs" in the policy of bucket acme-flow-logs may deny log delivery`},
		{"none, in a policy that AWS does not amend", deny(`"Principal":"*","NotAction":"s3:*","Resource":"*"`), false, "has NotPrincipal or NotAction, and AWS does not amend such a policy by itself"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t)
			a.createBucket(testBucket)
			a.putPolicy(tc.policy)
			if tc.refused {
				contains(t, a.refused(config()), tc.want, "except delivery.logs.amazonaws.com from it")
				return
			}
			contains(t, a.plan(config()).String(), tc.want)
		})
	}
}

func TestLike(t *testing.T) {
	for _, tc := range []struct {
		pattern, value string
		want           bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"a*c", "abbc", true}, {"a*c", "abbd", false}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"*/x/*", "a/x/b", true}, {"[a]", "a", false}, {"a", "ab", false}, {"a**b", "ab", true},
	} {
		if got := like(tc.pattern, tc.value); got != tc.want {
			t.Errorf("%q like %q: got %t, want %t", tc.value, tc.pattern, got, tc.want)
		}
	}
}

func TestThePolicyFitsThePartition(t *testing.T) {
	for region, partition := range map[string]string{"eu-central-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"} {
		c := config(func(c *Config) { c.Region = region })
		text := statementText(c.deliveryStatements()[0])
		contains(t, text, "arn:"+partition+":s3:::acme-flow-logs/AWSLogs/", "arn:"+partition+":logs:"+region+":123456789012:*", `"delivery.logs.amazonaws.com"`)
	}
}
