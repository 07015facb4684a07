package parser

import (
	"errors"
	"fmt"
	"strings"
)

// maxColumns bounds a header. AWS has 72 fields; a line with more columns than this is not a header.
const maxColumns = 256

// ErrHeader says that a line is not a header. The object is broken, or needs a format from elsewhere: the flow log's own LogFormat.
var ErrHeader = errors.New("not a flow log header")

// column is one step of the plan that a header compiles to.
type column struct {
	kind  kind
	field Field
}

// Format is the order of columns of one file. It is immutable and may be shared.
type Format struct {
	columns  []column // Of the whole header: unknown columns, and those not asked for, are kindSkip.
	needed   int      // Columns up to the last one that is asked for.
	fields   []Field  // As in the header; unknown columns left out.
	unknown  int
	selected FieldSet
}

// ParseFormat compiles a header: field names separated by spaces, in any order. It also takes the LogFormat of a flow log, `${name} ${name}`.
// Columns that it does not know are skipped, see [Format.Unknown]. A line without any known name, or with a name twice, is [ErrHeader].
func ParseFormat(header string) (*Format, error) {
	names := strings.Fields(strings.TrimPrefix(header, "\ufeff"))
	if len(names) == 0 || len(names) > maxColumns {
		return nil, fmt.Errorf("%w: it has %d columns", ErrHeader, len(names))
	}
	f := &Format{columns: make([]column, len(names)), selected: AllFields()}
	var seen FieldSet
	for i, name := range names {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "${"), "}")
		field, known := fieldOf(name)
		if !known {
			f.unknown++
			continue
		}
		if seen.Has(field) {
			return nil, fmt.Errorf("%w: column %q is there twice", ErrHeader, name)
		}
		seen.add(field)
		f.fields = append(f.fields, field)
		f.columns[i] = column{kindOf(field), field}
		f.needed = i + 1
	}
	if len(f.fields) == 0 {
		return nil, fmt.Errorf("%w: %q names no known field", ErrHeader, clip(header))
	}
	return f, nil
}

// Select returns the format with only the given fields asked for: values in other columns are not looked at. An empty set asks for all.
func (f *Format) Select(fields FieldSet) *Format {
	if fields.Empty() {
		fields = AllFields()
	}
	s := *f
	s.selected, s.needed = fields, 0
	s.columns = make([]column, len(f.columns))
	for i, c := range f.columns {
		if c.kind != kindSkip && fields.Has(c.field) {
			s.columns[i], s.needed = c, i+1
		}
	}
	return &s
}

// Unknown returns the number of columns whose names flowd does not know.
func (f *Format) Unknown() int { return f.unknown }

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
