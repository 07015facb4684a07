package localaws

import (
	"encoding/json"
	"path"
	"strings"
)

// policy is as much of a resource policy as deciding about a service principal needs.
type policy struct {
	Statement []statement
}

type statement struct {
	Effect    string
	Principal json.RawMessage
	Action    oneOrMany
	Resource  oneOrMany
	Condition map[string]map[string]oneOrMany
}

// oneOrMany is a string or a list of them, as policies have it.
type oneOrMany []string

// UnmarshalJSON implements [json.Unmarshaler].
func (o *oneOrMany) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*o = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// request is what a service asks to do.
type request struct {
	service, action, resource string
	context                   map[string]string // Condition keys, in lower case.
}

// allows says whether the policy lets a service do it. Only what flowd's policies use is understood; an unknown condition does not match.
func (p policy) allows(r request) bool {
	allowed := false
	for _, st := range p.Statement {
		if !st.names(r.service) || !matchAny(st.Action, r.action) || !matchAny(st.Resource, r.resource) || !st.holds(r.context) {
			continue
		}
		if st.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (st statement) names(service string) bool {
	var star string
	if json.Unmarshal(st.Principal, &star) == nil {
		return star == "*"
	}
	var byKind map[string]oneOrMany
	if json.Unmarshal(st.Principal, &byKind) != nil {
		return false
	}
	return matchAny(byKind["Service"], service) || matchAny(byKind["AWS"], "*")
}

func (st statement) holds(context map[string]string) bool {
	for operator, keys := range st.Condition {
		for key, values := range keys {
			got := context[strings.ToLower(key)]
			switch operator {
			case "StringEquals", "StringLike", "ArnLike", "ArnEquals", "Bool":
				if !matchAny(values, got) {
					return false
				}
			default:
				return false
			}
		}
	}
	return true
}

// matchAny says whether one of the patterns matches; `*` and `?` are wild, and a slash is not special.
func matchAny(patterns []string, value string) bool {
	flat := strings.NewReplacer("/", "\x01", "[", "\\[")
	for _, p := range patterns {
		if ok, err := path.Match(flat.Replace(p), strings.ReplaceAll(value, "/", "\x01")); err == nil && ok {
			return true
		}
	}
	return false
}

func parsePolicy(text []byte) policy {
	var p policy
	if err := json.Unmarshal(text, &p); err != nil {
		return policy{} // Nothing is allowed by a policy that nobody can read.
	}
	return p
}
