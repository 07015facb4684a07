package localaws

import (
	"strings"
	"testing"
)

// bucketPolicy is one statement about the log delivery service.
func bucketPolicy(effect, resource string) string {
	return `{"Statement":{"Effect":"` + effect + `","Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + resource + `"}}`
}

func TestPolicyEvaluation(t *testing.T) {
	write := request{"delivery.logs.amazonaws.com", "s3:PutObject", "arn:aws:s3:::b/AWSLogs/1/x", map[string]string{
		"aws:sourceaccount": "123456789012", "aws:sourcearn": "arn:aws:logs:us-east-1:123456789012:source", "aws:securetransport": "true",
	}}
	// statement is an allowing statement that fits, with parts replaced: pairs of old and new.
	statement := func(replace ...string) string {
		return strings.NewReplacer(replace...).Replace(`{"Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}`)
	}
	when := func(effect, condition string) string {
		return strings.Replace(statement("Allow", effect), `"Effect"`, `"Condition":{`+condition+`},"Effect"`, 1)
	}
	denyWhen := func(condition string) string { return statement() + "," + when("Deny", condition) }
	service := `{"Service":"delivery.logs.amazonaws.com"}`
	for _, c := range []struct {
		name, statements string
		want             bool
	}{
		{"no statement allows nothing", ``, false},
		{"a statement that fits allows", statement(), true},
		{"another service is not meant", statement("delivery.", "other."), false},
		{"a service in a list is meant", statement(`"delivery.logs.amazonaws.com"`, `["a.amazonaws.com","delivery.logs.amazonaws.com"]`), true},
		{"a service has no wild characters", statement("delivery.logs", "*"), false},
		{"everybody is meant by a star", statement(service, `"*"`), true},
		{"everybody is meant by a star in AWS", statement(service, `{"AWS":"*"}`), true},
		{"an account is not a service", statement(service, `{"AWS":"123456789012"}`), false},
		{"a statement without a principal is about nobody", statement(`"Principal":`+service+`,`, ``), false},
		{"a principal that is excluded is not meant", statement("Principal", "NotPrincipal"), false},
		{"one that is not excluded is meant", statement("Principal", "NotPrincipal", "delivery.", "other."), true},
		{"an effect is spelled one way", statement("Allow", "allow"), false},
		{"actions are compared without case", statement("s3:PutObject", "S3:putobject"), true},
		{"actions have wild characters", statement("s3:PutObject", "s3:Put*"), true},
		{"another action is not meant", statement("s3:PutObject", "s3:GetObject"), false},
		{"an action that is excluded is not meant", statement(`"Action"`, `"NotAction"`), false},
		{"resources are compared with case", statement("b/*", "b/awslogs/*"), false},
		{"a star reaches over slashes", statement("b/*", "b/A*x"), true},
		{"a question mark is one character", statement("b/*", "b/AWSLogs/?/x"), true},
		{"a question mark is not none", statement("b/*", "b/AWSLogs/1/x?"), false},
		{"brackets and backslashes are not special", statement("b/*", `b/[A]WSLogs/1/x`), false},
		{"a resource that is excluded is not meant", statement(`"Resource"`, `"NotResource"`), false},
		{"the bucket is not its objects", statement("b/*", "b"), false},
		{"a denial wins, wherever it is", statement("Allow", "Deny") + "," + statement(), false},
		{"a condition that holds allows", when("Allow", `"StringEquals":{"aws:SourceAccount":"123456789012"}`), true},
		{"one of several values is enough", when("Allow", `"StringEquals":{"aws:SourceAccount":["1","123456789012"]}`), true},
		{"keys of conditions have no case", when("Allow", `"StringEquals":{"AWS:sourceaccount":"123456789012"}`), true},
		{"equality has no wild characters", when("Allow", `"StringEquals":{"aws:SourceAccount":"12345678901*"}`), false},
		{"likeness has", when("Allow", `"StringLike":{"aws:SourceAccount":"12345678901*"}`), true},
		{"every condition must hold", when("Allow", `"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnLike":{"aws:SourceArn":"arn:aws:logs:eu-west-1:*:*"}`), false},
		{"parts of ARNs are compared one by one", when("Allow", `"ArnLike":{"aws:SourceArn":"arn:aws:logs:us-east-1:123456789012:*"}`), true},
		{"a star does not reach over parts of ARNs", when("Allow", `"ArnLike":{"aws:SourceArn":"arn:aws:*:source"}`), false},
		{"equality of ARNs is the same", when("Allow", `"ArnEquals":{"aws:SourceArn":"arn:*:logs:*:123456789012:*"}`), true},
		{"a truth may come without quotes", when("Allow", `"Bool":{"aws:SecureTransport":true}`), true},
		{"a truth that is not one does not allow", when("Allow", `"Bool":{"aws:SecureTransport":"false"}`), false},
		{"a key that is not there does not hold", when("Allow", `"StringEquals":{"aws:PrincipalTag/x":"1"}`), false},
		{"unless its absence is allowed", when("Allow", `"StringEqualsIfExists":{"aws:PrincipalTag/x":"1"}`), true},
		{"absence can be asked for", when("Allow", `"Null":{"aws:PrincipalTag/x":"true","aws:SourceArn":"false"}`), true},
		{"a denial with a condition that does not hold does not deny", denyWhen(`"Bool":{"aws:SecureTransport":"false"}`), true},
		{"a denial of other accounts lets this one", denyWhen(`"StringNotEquals":{"aws:SourceAccount":"123456789012"}`), true},
		{"and denies this one among others", denyWhen(`"StringNotEquals":{"aws:SourceAccount":"999999999999"}`), false},
		{"a negation holds where the key is not there", denyWhen(`"StringNotLike":{"aws:PrincipalTag/x":"1"}`), false},
		{"an operator that is unknown does not allow", when("Allow", `"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}`), false},
		{"an operator that is unknown denies", denyWhen(`"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}`), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			document := `{"Version":"2012-10-17","Statement":[` + c.statements + `]}`
			if got := parsePolicy([]byte(document)).allows(write); got != c.want {
				t.Errorf("got %t, want %t of\n%s", got, c.want, document)
			}
		})
	}
}

func TestOneStatementNeedsNoList(t *testing.T) {
	p := parsePolicy([]byte(bucketPolicy("Allow", "b/*")))
	if !p.allows(request{"delivery.logs.amazonaws.com", "s3:PutObject", "arn:aws:s3:::b/x", nil}) {
		t.Errorf("got a denial of %v, want it allowed", p)
	}
	if p := parsePolicy([]byte(bucketPolicy("Allow", "b/*") + "}")); len(p.Statement) != 0 {
		t.Errorf("got %v of a document that does not parse, want nothing", p)
	}
}
