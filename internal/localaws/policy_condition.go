package localaws

import "strings"

// comparison says whether a value is what a pattern wants.
type comparison func(pattern, value string) bool

func equal(pattern, value string) bool { return pattern == value }

func likeFolded(pattern, value string) bool {
	return like(strings.ToLower(pattern), strings.ToLower(value))
}

// like is a match in which `*` stands for anything and `?` for one character.
func like(pattern, value string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '*':
			rest := pattern[1:]
			for i := range len(value) + 1 {
				if like(rest, value[i:]) {
					return true
				}
			}
			return false
		case value == "" || pattern[0] != '?' && pattern[0] != value[0]:
			return false
		}
		pattern, value = pattern[1:], value[1:]
	}
	return value == ""
}

// likeARN compares each of the six parts of an ARN by itself, so that a star does not reach over a colon of the first five.
func likeARN(pattern, value string) bool {
	patterns, values := strings.SplitN(pattern, ":", 6), strings.SplitN(value, ":", 6)
	if len(patterns) != len(values) {
		return false
	}
	for i := range patterns {
		if !like(patterns[i], values[i]) {
			return false
		}
	}
	return true
}

// comparisons are the condition operators that are understood, without their `Not`.
func comparisons() map[string]comparison {
	return map[string]comparison{
		"StringEquals": equal, "StringEqualsIgnoreCase": strings.EqualFold, "StringLike": like,
		"ArnEquals": likeARN, "ArnLike": likeARN, "Bool": strings.EqualFold,
	}
}

func anyOf(patterns []text, value string, same comparison) bool {
	for _, p := range patterns {
		if same(string(p), value) {
			return true
		}
	}
	return false
}

// holds says whether every condition of the statement holds. One that is not understood holds where that forbids, and not where it allows.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func (st statement) holds(context map[string]string) bool {
	for operator, keys := range st.Condition {
		for key, patterns := range keys {
			value, present := context[strings.ToLower(key)]
			met, understood := conditionHolds(operator, patterns, value, present)
			if !understood {
				met = st.Effect == "Deny"
			}
			if !met {
				return false
			}
		}
	}
	return true
}

func conditionHolds(operator string, patterns []text, value string, present bool) (met, understood bool) {
	if operator == "Null" {
		return anyOf(patterns, map[bool]string{true: "false", false: "true"}[present], strings.EqualFold), true
	}
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	plain := strings.Replace(operator, "Not", "", 1)
	negated := plain != operator
	same := comparisons()[plain]
	switch {
	case same == nil || negated && plain == "Bool":
		return false, false
	case !present:
		return ifExists || negated, true
	}
	return anyOf(patterns, value, same) != negated, true
}
