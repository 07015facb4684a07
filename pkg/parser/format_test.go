package parser

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseFormat(t *testing.T) {
	tests := []struct {
		name    string
		header  string
		fields  []Field
		unknown int
	}{
		{"names in an order of their own", "end version srcaddr", []Field{FieldEnd, FieldVersion, FieldSrcAddr}, 0},
		{"one column", "tgw-id", []Field{FieldTGWID}, 0},
		{"runs of spaces, a tab, spaces around", "  end   version\tsrcaddr  ", []Field{FieldEnd, FieldVersion, FieldSrcAddr}, 0},
		{"a carriage return", "end version\r", []Field{FieldEnd, FieldVersion}, 0},
		{"a byte order mark", "\ufeffversion end", []Field{FieldVersion, FieldEnd}, 0},
		{"a LogFormat", "${version} ${vpc-id} ${tcp-flags}", []Field{FieldVersion, FieldVPCID, FieldTCPFlags}, 0},
		{"a LogFormat with the quotes of a shell", `'${version} ${vpc-id}'`, []Field{FieldVersion, FieldVPCID}, 0},
		{"a LogFormat with the quotes of JSON, over two lines", "\"${version}\n${vpc-id}\"\n", []Field{FieldVersion, FieldVPCID}, 0},
		{"columns that AWS has not invented yet", "version hop_count end Region2 asg-tag-3", []Field{FieldVersion, FieldEnd}, 3},
		{"more unknown columns than known ones", "a b c bytes d", []Field{FieldBytes}, 4},
		{"an unknown column that is there twice", "x bytes x", []Field{FieldBytes}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := ParseFormat(test.header)
			if err != nil {
				t.Fatalf("%q: got %v, want a format", test.header, err)
			}
			if !slices.Equal(f.Fields(), test.fields) || f.Unknown() != test.unknown || f.Columns() != len(test.fields)+test.unknown {
				t.Errorf("got %v, %d unknown, %d columns; want %v, %d unknown", f.Fields(), f.Unknown(), f.Columns(), test.fields, test.unknown)
			}
		})
	}
}

func TestWhatIsNoHeader(t *testing.T) {
	tests := []struct{ name, header, says string }{
		{"nothing", "", "0 columns"},
		{"spaces", " \t\r", "0 columns"},
		{"quotes around nothing", "''", "0 columns"},
		{"no name that is known", "colour taste", "names no known field"},
		{"a name twice", "bytes packets bytes", `"bytes" is there twice`},
		{"a name twice, once as a LogFormat", "bytes ${bytes}", `"bytes" is there twice`},
		{"a hyphen", "version - end", `"-" in column 2`},
		{"a lone hyphen", "-", `"-" in column 1`},
		{"a record of the default format", "2 210987654321 eni-0f 10.0.0.1 10.0.0.2 1 2 6 1 1 1 2 ACCEPT OK", `"2" in column 1`},
		{"a record with a tag that is called as a field", "end eni-0f 10.0.0.1", `"10.0.0.1" in column 3`},
		{"a record with an IPv6 address", "bytes fe80::1", `"fe80::1" in column 2`},
		{"NUL bytes", "version\x00end", "column 1"},
		{"a form feed between names", "version\fend", "column 1"},
		{"a name in quotes", `version "end" bytes`, "column 2"},
		{"a LogFormat without spaces", "${version}${end}", "column 1"},
		{"a brace that is not closed", "${version ${end}", "column 1"},
		{"nothing in braces", "version ${}", "column 2"},
		{"more columns than any format has", strings.Repeat("x ", maxColumns) + "version", "257 columns"},
		{"a very long word", strings.Repeat("9", 10_000), "column 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := ParseFormat(test.header)
			if !errors.Is(err, ErrHeader) || f != nil {
				t.Fatalf("got %v, %v; want no format and ErrHeader", f, err)
			}
			if text := err.Error(); !strings.Contains(text, test.says) || len(text) > 250 {
				t.Errorf("got the error %q, want a short one with %q", text, test.says)
			}
		})
	}
}

func TestMaxColumnsIsAHeader(t *testing.T) {
	f := mustFormat(t, strings.Repeat("x ", maxColumns-1)+"bytes")
	var r Record
	if err := f.Parse([]byte(strings.Repeat("- ", maxColumns-1)+"7"), &r); err != nil || r.Bytes != 7 {
		t.Errorf("got %d bytes, %v; want 7", r.Bytes, err)
	}
}

func TestSelect(t *testing.T) {
	all := mustFormat(t, "srcport colour dstport bytes")
	ports := all.Select(NewFieldSet(FieldDstPort, FieldEnd))
	line := []byte("1 mauve 2 3")
	want := values{"srcport": uint64(1), "dstport": uint64(2), "bytes": uint64(3)}
	tests := []struct {
		name   string
		format *Format
		want   values
		last   int // Columns up to the last one that is looked at.
	}{
		{"a format asks for all of its fields", all, want, 4},
		{"one field, and one that the format lacks", ports, values{"dstport": uint64(2)}, 3},
		{"nothing that the format has", all.Select(NewFieldSet(FieldEnd)), values{}, 0},
		{"an empty set asks for all", all.Select(FieldSet{}), want, 4},
		{"a selection can be widened again", ports.Select(AllFields()), want, 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var r Record
			if err := test.format.Parse(line, &r); err != nil {
				t.Fatal(err)
			}
			mustEqual(t, valuesOf(t, &r), test.want)
			last := 0
			for _, c := range test.format.plan {
				last = int(c.at) + 1
			}
			if last != test.last {
				t.Errorf("looks at %d columns, want %d", last, test.last)
			}
			if f := test.format; f.Unknown() != 1 || f.Columns() != 4 || len(f.Fields()) != 3 {
				t.Errorf("got %d unknown of %d columns, %v; want 1 of 4, whatever is asked for", f.Unknown(), f.Columns(), f.Fields())
			}
		})
	}
}
