package parser

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxColumns bounds a header. AWS has 72 fields; a line with more columns than this is not a header.
const maxColumns = 256

// ErrHeader says that a line is not a header. The object is broken, or needs a format from elsewhere: the flow log's own LogFormat.
var ErrHeader = errors.New("not a flow log header")

// column says how to read the values of one column, and what they are.
type column struct {
	kind  kind
	field Field
	at    uint8 // Its position in the header.
}

// Format is the order of columns of one object. It is immutable and may be shared.
type Format struct {
	columns []column // One for each column of the header; kindSkip where the name is unknown.
	plan    []column // Those that are asked for.
	asked   FieldSet // Their fields.
	fields  []Field  // As in the header; unknown columns left out.
}

// ParseFormat compiles a header: field names separated by spaces, in any order. It also takes the LogFormat of a flow log, `${name} ${name}`,
// and bears with quotes around the whole and with a byte order mark. Columns whose names it does not know are skipped, see [Format.Unknown].
//
// A line with something that cannot be a name, without any known name, or with a known name twice, is [ErrHeader]: a record is never taken for
// a header because one of its values happens to be the name of a field.
func ParseFormat(header string) (*Format, error) {
	header = strings.Trim(strings.TrimPrefix(header, "\ufeff"), " \t\r\n'\"")
	names := strings.FieldsFunc(header, func(c rune) bool { return strings.ContainsRune(" \t\r\n", c) })
	if len(names) == 0 || len(names) > maxColumns {
		return nil, fmt.Errorf("%w: it has %d columns, not 1 to %d", ErrHeader, len(names), maxColumns)
	}
	f := &Format{columns: make([]column, len(names))}
	for i, name := range names {
		if err := f.add(i, unwrap(name)); err != nil {
			return nil, err
		}
	}
	if len(f.fields) == 0 {
		return nil, fmt.Errorf("%w: %q names no known field", ErrHeader, clip(header))
	}
	return f.Select(AllFields()), nil
}

// add compiles the name of column i.
func (f *Format) add(i int, name string) error {
	if !isName(name) {
		return fmt.Errorf("%w: %q in column %d is not the name of a field", ErrHeader, clip(name), i+1)
	}
	field, known := fieldOf(name)
	if !known {
		return nil
	}
	if slices.Contains(f.fields, field) {
		return fmt.Errorf("%w: %q is there twice", ErrHeader, name)
	}
	f.fields = append(f.fields, field)
	f.columns[i] = column{kindOf(field), field, uint8(i)}
	return nil
}

// unwrap turns `${name}` into name.
func unwrap(name string) string {
	if inner, ok := strings.CutPrefix(name, "${"); ok {
		if inner, ok = strings.CutSuffix(inner, "}"); ok {
			return inner
		}
	}
	return name
}

// isName bears with names that AWS has not invented yet, and with no number, no address and no `-`.
func isName(name string) bool {
	for i, c := range []byte(name) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '-' && c != '_' && c-'0' > 9) {
			return false
		}
	}
	return name != ""
}

// Select returns the format with only the given fields asked for: values in other columns are not looked at. An empty set asks for all.
// What f itself was asked for does not matter.
func (f *Format) Select(fields FieldSet) *Format {
	if fields.Empty() {
		fields = AllFields()
	}
	s := *f
	s.plan, s.asked = make([]column, 0, len(f.fields)), FieldSet{}
	for _, c := range f.columns {
		if c.kind != kindSkip && fields.Has(c.field) {
			s.plan = append(s.plan, c)
			s.asked.add(c.field)
		}
	}
	return &s
}

// Unknown returns the number of columns whose names flowd does not know.
func (f *Format) Unknown() int { return len(f.columns) - len(f.fields) }

// Columns returns the number of columns.
func (f *Format) Columns() int { return len(f.columns) }

// Fields returns the known fields in the order of the header. The caller must not change it.
func (f *Format) Fields() []Field { return f.fields }

// clip keeps an error message short, whatever the input was.
func clip(s string) string {
	const enough = 80
	if len(s) > enough {
		return s[:enough] + "…"
	}
	return s
}
