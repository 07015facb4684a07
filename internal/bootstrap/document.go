package bootstrap

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// document is a policy whose members and statements are kept as they were written: those of others go back byte for byte.
type document struct {
	members    []member
	statements []json.RawMessage
}

type member struct {
	name  string
	value json.RawMessage
}

func parseDocument(text string) (document, error) {
	if strings.TrimSpace(text) == "" {
		return document{members: []member{{"Version", json.RawMessage(`"2012-10-17"`)}, {"Statement", nil}}}, nil
	}
	d, err := readMembers(text)
	if err != nil {
		return d, fmt.Errorf("the policy does not parse: %w", err)
	}
	i := slices.IndexFunc(d.members, func(m member) bool { return m.name == "Statement" })
	if i < 0 {
		d.members = append(d.members, member{"Statement", nil})
		return d, nil
	}
	raw := d.members[i].value
	if raw[0] == '{' { // One statement need not be in a list.
		d.statements = []json.RawMessage{raw}
		return d, nil
	}
	if err := json.Unmarshal(raw, &d.statements); err != nil {
		return d, fmt.Errorf("the statements of the policy do not parse: %w", err)
	}
	return d, nil
}

// readMembers keeps the order of an object's members, which a map would not.
func readMembers(text string) (d document, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	if t, err := decoder.Token(); err != nil || t != json.Delim('{') {
		return d, errors.Join(errors.New("it is not a JSON object"), err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return d, err
		}
		m := member{name: name.(string)} // The decoder gives no other key.
		if err := decoder.Decode(&m.value); err != nil {
			return d, err
		}
		d.members = append(d.members, m)
	}
	_, err = decoder.Token()
	return d, err
}

// merge puts statements in the place of those with the same Sid, or at the end. It reports whether that changed anything.
func (d *document) merge(statements ...map[string]any) (changed bool) {
	for _, want := range statements {
		text := json.RawMessage(statementText(want))
		switch i := d.find(want["Sid"].(string)); {
		case i < 0:
			d.statements, changed = append(d.statements, text), true
		case !sameStatement(d.statements[i], text):
			d.statements[i], changed = text, true
		}
	}
	return changed
}

func (d *document) find(sid string) int {
	return slices.IndexFunc(d.statements, func(raw json.RawMessage) bool { return parseStatement(raw).Sid == sid })
}

// text is the document, with every statement as it came. A statement of others is never formatted again, nor escaped.
func (d *document) text() string {
	var members []string
	for _, m := range d.members {
		value := string(m.value)
		if m.name == "Statement" {
			value = "[" + joined(d.statements) + "]"
		}
		members = append(members, fmt.Sprintf("%q:%s", m.name, value))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func joined(statements []json.RawMessage) string {
	var all []string
	for _, raw := range statements {
		all = append(all, string(raw))
	}
	return strings.Join(all, ",")
}

// sameStatement compares as AWS does: it gives back a list of one as a string, lists in another order, and `SQS:SendMessage` for `sqs:SendMessage`.
func sameStatement(a, b []byte) bool {
	var x, y map[string]any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(canonical("", x), canonical("", y))
}

func canonical(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			out[key] = canonical(key, value)
		}
		return out
	case []any:
		var out []string
		for _, value := range v {
			out = append(out, fmt.Sprint(canonical(name, value)))
		}
		slices.Sort(out)
		if len(out) == 1 {
			return out[0]
		}
		return out
	}
	switch text := fmt.Sprint(v); {
	case name == "Action":
		return strings.ToLower(text)
	case name == "Principal" && text == "*":
		return map[string]any{"AWS": text}
	default:
		return text
	}
}

// unique makes a name of flowd's that other set-ups in the same document do not have: the same parts always give the same name.
func unique(name string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return name + hex.EncodeToString(sum[:4])
}

// stay says what of others is not touched, behind what is done.
func stay(n int, noun string) string {
	if n == 0 {
		return ""
	}
	return "; " + count(n, noun) + " of others " + map[bool]string{true: "stays", false: "stay"}[n == 1]
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
