package bootstrap

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// statement is one of a policy, as far as flowd judges it.
type statement struct {
	Sid, Effect             string
	Principal, NotPrincipal *principals
	Action, NotAction       values
	Resource, NotResource   values
	Condition               map[string]map[string]values
}

// parseStatement gives what it understands; S3 takes no policy that does not parse.
func parseStatement(raw json.RawMessage) statement {
	var st statement
	if json.Unmarshal(raw, &st) != nil {
		return statement{Sid: st.Sid}
	}
	return st
}

// name is the Sid, or a beginning by which a person can find the statement.
func (st statement) name() string {
	if st.Sid != "" {
		return fmt.Sprintf("%q", st.Sid)
	}
	what := append(append(values{}, st.Action...), st.NotAction...)
	return fmt.Sprintf("without Sid (%s %s)", st.Effect, strings.Join(what, ", "))
}

func (st statement) everybody() bool {
	return st.Principal != nil && slices.Contains(st.Principal.aws, "*")
}

// values is what policies write as a string, a number, a truth value or a list of them.
type values []string

// UnmarshalJSON implements [json.Unmarshaler].
func (v *values) UnmarshalJSON(b []byte) error {
	var one any
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	list, ok := one.([]any)
	if !ok {
		list = []any{one}
	}
	*v = nil
	for _, value := range list {
		*v = append(*v, fmt.Sprint(value))
	}
	return nil
}

// principals are those that a statement names.
type principals struct{ aws, services []string }

// UnmarshalJSON implements [json.Unmarshaler]. A lone star is everybody.
func (p *principals) UnmarshalJSON(b []byte) error {
	var star string
	if json.Unmarshal(b, &star) == nil {
		p.aws = []string{star}
		return nil
	}
	var kinds map[string]values
	if err := json.Unmarshal(b, &kinds); err != nil {
		return err
	}
	p.aws, p.services = kinds["AWS"], kinds["Service"]
	return nil
}

func (p *principals) include(service string) bool {
	return p != nil && (slices.Contains(p.aws, "*") || slices.Contains(p.services, service) || slices.Contains(p.services, "*"))
}

// like says whether one of the patterns matches; `*` and `?` are wild.
func (v values) like(value string) bool {
	return slices.ContainsFunc(v, func(pattern string) bool { return like(pattern, value) })
}

func like(pattern, value string) bool {
	for i := range len(pattern) {
		switch {
		case pattern[i] == '*':
			for j := i; j <= len(value); j++ {
				if like(pattern[i+1:], value[j:]) {
					return true
				}
			}
			return false
		case i >= len(value), pattern[i] != '?' && pattern[i] != value[i]:
			return false
		}
	}
	return len(pattern) == len(value)
}
