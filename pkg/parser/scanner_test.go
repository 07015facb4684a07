package parser

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// scanned is all that a scanner tells about its input.
type scanned struct {
	records []string // `name=value …` of a record, or the reason of a malformed line.
	unknown int
	err     error
}

func scanAll(tb testing.TB, s *Scanner) scanned {
	tb.Helper()
	var got scanned
	for s.Next() {
		r, err := s.Record()
		if reason, ok := ReasonOf(err); ok {
			got.records = append(got.records, reason.String())
			continue
		}
		if err != nil || s.Format() == nil {
			tb.Errorf("record %d: got error %v, format %v; want a Reason or nil, and a format", len(got.records), err, s.Format())
		}
		got.records = append(got.records, show(valuesOf(tb, r)))
	}
	if s.Next() {
		tb.Error("Next was true after it was false")
	}
	got.unknown, got.err = s.UnknownColumns(), s.Err()
	return got
}

func show(v values) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		words = append(words, fmt.Sprintf("%s=%v", name, v[name]))
	}
	return strings.Join(words, " ")
}

// sources are the ways to read a text; all must give the same.
func sources() map[string]func(s *Scanner, text string) {
	reader := func(wrap func(io.Reader) io.Reader) func(*Scanner, string) {
		return func(s *Scanner, text string) { s.Reset(wrap(strings.NewReader(text))) }
	}
	return map[string]func(*Scanner, string){
		"whole":           reader(func(r io.Reader) io.Reader { return r }),
		"one byte":        reader(iotest.OneByteReader),
		"half":            reader(iotest.HalfReader),
		"data with error": reader(iotest.DataErrReader),
		"block":           func(s *Scanner, text string) { s.ResetBytes([]byte(text)) },
		"blocks":          func(s *Scanner, text string) { s.ResetBlocks(&growing{rest: text}) },
	}
}

// growing gives blocks that are each a byte longer than the one before, in memory of their own, and spoils a block when its time is over.
type growing struct {
	rest string
	size int
	last []byte
	err  error // Instead of io.EOF.
}

func (g *growing) Next(unread int) ([]byte, error) {
	if unread > MaxLine {
		return nil, fmt.Errorf("%d bytes were left unread, more than %d", unread, MaxLine)
	}
	kept := bytes.Clone(g.last[len(g.last)-unread:])
	copy(g.last, bytes.Repeat([]byte("!"), len(g.last)))
	g.size = min(g.size+1, len(g.rest))
	g.last = append(kept, g.rest[:g.size]...)
	if g.size == 0 {
		return g.last, cmp.Or(g.err, io.EOF)
	}
	g.rest = g.rest[g.size:]
	return g.last, nil
}

func TestScanner(t *testing.T) {
	tests := []struct {
		name   string
		text   string
		format string
		want   []string
		err    error
	}{
		{name: "zero bytes"},
		{name: "a header alone", text: "srcport action\n"},
		{name: "a header alone without a newline", text: "srcport action"},
		{name: "nothing but blank lines", text: "\n \n\r\n\n"},
		{name: "two records", text: "srcport action\n1 ACCEPT\n2 REJECT\n",
			want: []string{"action=accept srcport=1", "action=reject srcport=2"}},
		{name: "no newline at the end", text: "srcport\n1\n2", want: []string{"srcport=1", "srcport=2"}},
		{name: "a lone hyphen at the end", text: "srcport\n-", want: []string{""}},
		{name: "CRLF", text: "srcport action\r\n1 ACCEPT\r\n\r\n2 REJECT\r\n", want: []string{"action=accept srcport=1", "action=reject srcport=2"}},
		{name: "blank lines and lines of spaces", text: "\n\nsrcport\n\n1\n \t \n2\n\n", want: []string{"srcport=1", "srcport=2"}},
		{name: "a header with spaces around", text: "  srcport action \n1 ACCEPT\n", want: []string{"action=accept srcport=1"}},
		{name: "malformed lines between good ones", text: "srcport action\n1 ACCEPT\nx ACCEPT\n1\n1 2 3\n2 MAYBE\n2 REJECT\n",
			want: []string{"action=accept srcport=1", "bad_number", "too_few_values", "too_many_values", "bad_action", "action=reject srcport=2"}},
		{name: "nothing but malformed lines is no error", text: "srcport\nx\ny\n", want: []string{"bad_number", "bad_number"}},
		{name: "a tail of NUL bytes", text: "srcport bytes\n1 2\n\x00\x00\x00", want: []string{"bytes=2 srcport=1", "too_few_values"}},
		{name: "a byte order mark at each file of a concatenation", text: "\ufeffsrcport\n1\n\ufeffsrcport\n2\n", want: []string{"srcport=1", "srcport=2"}},
		{name: "a byte order mark before the second file only", text: "srcport\n1\n\ufeffsrcport bytes\n2 3\n\ufeff\n",
			want: []string{"srcport=1", "bytes=3 srcport=2"}},
		{name: "a byte order mark before a record", text: "\ufeff1\n2\n", format: "srcport", want: []string{"srcport=1", "srcport=2"}},
		{name: "the same header again", text: "srcport bytes\n1 2\nsrcport bytes\n3 4\nsrcport bytes\n", want: []string{"bytes=2 srcport=1", "bytes=4 srcport=3"}},
		{name: "the same header of one column again", text: "vpc-id\nvpc-1\nvpc-id\n vpc-id\nvpc-2\n", want: []string{"vpc-id=vpc-1", "vpc-id=vpc-2"}},
		{name: "another header", text: "srcport bytes\n1 2\nend srcport bytes\n9 3 4\n", want: []string{"bytes=2 srcport=1", "bytes=4 end=9 srcport=3"}},
		{name: "another header with an unknown column", text: "srcport\n1\nend srcport new-thing\n9 3 x\n", want: []string{"srcport=1", "end=9 srcport=3"}},
		{name: "a tag called as a field is no header", text: "instance-tag\nend\nversion\nweb\n",
			want: []string{"instance-tag=end", "instance-tag=version", "instance-tag=web"}},
		{name: "a record that begins as a header is none", text: "instance-tag srcport\nbytes 1\nend -\n",
			want: []string{"instance-tag=bytes srcport=1", "instance-tag=end"}},
		{name: "a record half of whose values are called as fields is none", text: "instance-tag asg-tag vpc-id subnet-id\nend start vpc-1 subnet-2\n",
			want: []string{"asg-tag=start instance-tag=end subnet-id=subnet-2 vpc-id=vpc-1"}},
		{name: "a broken header in the middle is a malformed line", text: "srcport bytes\n1 2\nbytes bytes\n3 4\n",
			want: []string{"bytes=2 srcport=1", "bad_number", "bytes=4 srcport=3"}},
		{name: "no header at all", text: "2 10.0.0.1 ACCEPT\n2 10.0.0.2 ACCEPT\n", err: ErrHeader},
		{name: "a hyphen for a header", text: "-\n", err: ErrHeader},
		{name: "a format from elsewhere", text: "1 ACCEPT\n2 REJECT", format: "srcport action", want: []string{"action=accept srcport=1", "action=reject srcport=2"}},
		{name: "a header wins over a format from elsewhere", text: "1 2\nbytes srcport\n3 4\n", format: "srcport bytes",
			want: []string{"bytes=2 srcport=1", "bytes=3 srcport=4"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for source, open := range sources() {
				cfg := ScannerConfig{}
				if test.format != "" {
					cfg.Format = mustFormat(t, test.format)
				}
				s := NewScanner(nil, cfg)
				open(s, test.text)
				got := scanAll(t, s)
				if !slices.Equal(got.records, test.want) || !errors.Is(got.err, test.err) {
					t.Errorf("%s: got %q, %v; want %q, %v", source, got.records, got.err, test.want, test.err)
				}
				if got.err == nil && s.Bytes() != uint64(len(test.text)) {
					t.Errorf("%s: got %d bytes, want %d", source, s.Bytes(), len(test.text))
				}
			}
		})
	}
}

func TestFieldsOfTheConfigurationAreTheOnesRead(t *testing.T) {
	cfg := ScannerConfig{Fields: NewFieldSet(FieldBytes)}
	withFormat := cfg
	withFormat.Format = mustFormat(t, "srcport bytes")
	for name, s := range map[string]*Scanner{
		"header": NewScanner(strings.NewReader("srcport bytes\nx 1\nbytes end\n2 x\n"), cfg),
		"format": NewScanner(strings.NewReader("x 1\nbytes end\n2 x\n"), withFormat),
	} {
		if got, want := scanAll(t, s).records, []string{"bytes=1", "bytes=2"}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestUnknownColumnsAreCountedOncePerInput(t *testing.T) {
	s := NewScanner(strings.NewReader("a bytes b\n- 1 -\n- 2 -\na bytes b\n- 3 -\nbytes srcport a\n4 5 -\n"), ScannerConfig{})
	if got := scanAll(t, s); got.unknown != 2 || len(got.records) != 4 {
		t.Errorf("got %d unknown columns, %q; want 2, four records", got.unknown, got.records)
	}
	s.Reset(strings.NewReader("bytes\n1\n"))
	if got := scanAll(t, s); got.unknown != 0 {
		t.Errorf("the next input: got %d unknown columns, want 0", got.unknown)
	}
}

// A read error fails the input, whatever was read before it; the lines before it are still there, and a line that was cut is none.
func TestReadErrors(t *testing.T) {
	const text = "srcport\n1\n22\n333"
	broken := errors.New("the wire broke")
	looked := 0
	for _, cause := range []error{broken, io.ErrUnexpectedEOF, fmt.Errorf("inflating: %w", io.EOF)} {
		for cut := range len(text) + 1 {
			broken := func() io.Reader { return io.MultiReader(strings.NewReader(text[:cut]), iotest.ErrReader(cause)) }
			for _, open := range []func(*Scanner){
				func(s *Scanner) { s.Reset(iotest.OneByteReader(broken())) },
				func(s *Scanner) { s.Reset(iotest.DataErrReader(broken())) },
				func(s *Scanner) { s.ResetBlocks(&growing{rest: text[:cut], err: cause}) },
			} {
				looked++
				s := NewScanner(nil, ScannerConfig{})
				open(s)
				got := scanAll(t, s)
				want := max(0, strings.Count(text[:cut], "\n")-1)
				if !errors.Is(got.err, cause) || len(got.records) != want {
					t.Errorf("cut at %d: got %q, %v; want %d records, %v", cut, got.records, got.err, want, cause)
				}
			}
		}
	}
	if want := 3 * 3 * (len(text) + 1); looked != want {
		t.Errorf("looked at %d cuts, want %d", looked, want)
	}
}

// stuttering returns nothing and no error a number of times before each byte.
type stuttering struct {
	r     io.Reader
	times int
	left  int
}

func (s *stuttering) Read(p []byte) (int, error) {
	if s.left > 0 {
		s.left--
		return 0, nil
	}
	s.left = s.times
	return s.r.Read(p[:1])
}

func TestReadersThatReturnNothing(t *testing.T) {
	for times, want := range map[int]error{50: nil, 1000: io.ErrNoProgress} {
		s := NewScanner(&stuttering{r: strings.NewReader("srcport\n1\n2"), times: times, left: times}, ScannerConfig{})
		if got := scanAll(t, s); !errors.Is(got.err, want) {
			t.Errorf("nothing %d times: got %v, want %v", times, got.err, want)
		}
	}
}

func TestScannerIsReadyAgainAfterAnything(t *testing.T) {
	long := strings.Repeat("x", 3*MaxLine)
	before := map[string]func(*Scanner){
		"a whole reader":              func(s *Scanner) { s.Reset(strings.NewReader("srcport\n7\n")) },
		"a block":                     func(s *Scanner) { s.ResetBytes([]byte("srcport\n7\n8\n")) },
		"a read error":                func(s *Scanner) { s.Reset(iotest.ErrReader(io.ErrUnexpectedEOF)) },
		"no header":                   func(s *Scanner) { s.Reset(strings.NewReader("7\n")) },
		"the middle of a long line":   func(s *Scanner) { s.Reset(strings.NewReader("srcport\n1\n" + long)) },
		"nothing":                     func(s *Scanner) { s.Reset(nil) },
		"a block with another format": func(s *Scanner) { s.ResetBytes([]byte("bytes end\n1 2\n")) },
	}
	for name, use := range before {
		for source, open := range sources() {
			s := NewScanner(nil, ScannerConfig{})
			use(s)
			s.Next()
			open(s, "srcport\n1\n2\n")
			if got := scanAll(t, s); !slices.Equal(got.records, []string{"srcport=1", "srcport=2"}) || got.err != nil || s.Bytes() != 12 {
				t.Errorf("after %s, %s: got %q, %v, %d bytes", name, source, got.records, got.err, s.Bytes())
			}
		}
	}
}

// empty is blocks that break their word.
type empty struct{}

func (empty) Next(int) ([]byte, error) { return nil, nil }

func TestBlocksThatReturnNothing(t *testing.T) {
	s := NewScanner(nil, ScannerConfig{})
	s.ResetBlocks(empty{})
	if got := scanAll(t, s); !errors.Is(got.err, io.ErrNoProgress) {
		t.Errorf("got %v, want %v", got.err, io.ErrNoProgress)
	}
}

func TestBlockIsNotCopied(t *testing.T) {
	block := []byte("vpc-id\nvpc-1\nvpc-2\n")
	s := NewScanner(nil, ScannerConfig{})
	s.ResetBytes(block)
	var first []byte
	for s.Next() {
		if r, _ := s.Record(); first == nil {
			first = r.VPCID
		}
	}
	if i := bytes.Index(block, []byte("vpc-1")); string(first) != "vpc-1" || &first[0] != &block[i] {
		t.Errorf("got %q, want the text of the block itself, still there at the end", first)
	}
}
