package localaws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// policy is as much of a resource policy as deciding about a service principal needs.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
type policy struct {
	Statement oneOrMany[statement]
}

type statement struct {
	Effect                  string
	Principal, NotPrincipal *principal
	Action, NotAction       oneOrMany[text]
	Resource, NotResource   oneOrMany[text]
	Condition               map[string]map[string]oneOrMany[text]
}

// principal is everybody, or lists by kind: Service, AWS, ….
type principal struct {
	everybody bool
	byKind    map[string]oneOrMany[text]
}

// oneOrMany is a value or a list of values: policies may have either.
type oneOrMany[T any] []T

// UnmarshalJSON implements [json.Unmarshaler].
func (o *oneOrMany[T]) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(o))
	}
	var one T
	err := json.Unmarshal(b, &one)
	*o = oneOrMany[T]{one}
	return err
}

// text is a string; `true` and `5` may come without quotes.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	*t = text(b)
	return nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (p *principal) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		p.everybody = string(b) == `"*"`
		return nil
	}
	if err := json.Unmarshal(b, &p.byKind); err != nil {
		return err
	}
	p.everybody = slices.Contains(p.byKind["AWS"], "*")
	return nil
}

// request is what a service asks to do.
type request struct {
	service, action, resource string
	context                   map[string]string // Condition keys, in lower case.
}

// allows says whether the policy lets a service do it: a statement must allow it, and none deny it.
func (p policy) allows(r request) bool {
	allowed := false
	for _, st := range p.Statement {
		switch {
		case !st.isAbout(r):
		case st.Effect == "Deny":
			return false
		case st.Effect == "Allow":
			allowed = true
		}
	}
	return allowed
}

func (st statement) isAbout(r request) bool {
	return st.names(r.service) && inList(st.Action, st.NotAction, r.action, likeFolded) && inList(st.Resource, st.NotResource, r.resource, like) && st.holds(r.context)
}

// inList says whether a value is in the one list, or not in the other. A statement has one of them.
func inList(list, not []text, value string, same comparison) bool {
	if len(list) == 0 && len(not) > 0 {
		return !anyOf(not, value, same)
	}
	return anyOf(list, value, same)
}

func (st statement) names(service string) bool {
	if st.Principal == nil && st.NotPrincipal != nil {
		return !st.NotPrincipal.includes(service)
	}
	return st.Principal != nil && st.Principal.includes(service)
}

func (p *principal) includes(service string) bool {
	return p.everybody || slices.Contains(p.byKind["Service"], text(service))
}

func parsePolicy(document []byte) policy {
	var p policy
	if err := json.Unmarshal(document, &p); err != nil {
		return policy{} // Nothing is allowed by a policy that nobody can read.
	}
	return p
}

// maxPolicy is S3's limit for a bucket policy, in bytes.
const maxPolicy = 20 << 10

// checkBucketPolicy refuses what S3 refuses to keep.
func checkBucketPolicy(b *bucket, document []byte) *s3Error {
	if message := malformedPolicy(document, maxPolicy); message != "" {
		return fault(http.StatusBadRequest, "MalformedPolicy", "%s", message)
	}
	for _, st := range parsePolicy(document).Statement {
		for _, resource := range slices.Concat(st.Resource, st.NotResource) {
			if arn := bucketARN(b.name); string(resource) != arn && !strings.HasPrefix(string(resource), arn+"/") && !like(string(resource), arn) {
				return fault(http.StatusBadRequest, "MalformedPolicy", "Policy has invalid resource")
			}
		}
	}
	return nil
}

// malformedPolicy says why a document is no resource policy, or nothing. The limit is in bytes.
func malformedPolicy(document []byte, limit int) string {
	var p policy
	if err := json.Unmarshal(document, &p); err != nil || len(document) > limit {
		return "Policies must be valid JSON, and not larger than the limit"
	}
	if len(p.Statement) == 0 {
		return "Missing required field Statement"
	}
	for _, st := range p.Statement {
		switch {
		case st.Effect != "Allow" && st.Effect != "Deny":
			return "Invalid effect: " + st.Effect
		case st.Principal == nil && st.NotPrincipal == nil:
			return "Missing required field Principal"
		case len(st.Action) == 0 && len(st.NotAction) == 0:
			return "Missing required field Action"
		case len(st.Resource) == 0 && len(st.NotResource) == 0:
			return "Missing required field Resource"
		}
	}
	return ""
}
