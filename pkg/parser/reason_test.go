package parser

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// badLine is a line that is no record of its format. Its neighbour is as close to it as can be, and is one.
type badLine struct {
	name      string
	header    string
	line      string
	neighbour string
	reason    Reason
}

func malformed() []badLine {
	return []badLine{
		{"one value is missing", "srcport dstport bytes", "1 2", "1 2 3", TooFewValues},
		{"one value too many", "srcport dstport bytes", "1 2 3 4", "1 2 3", TooManyValues},
		{"an empty line", "srcport", "", "1", TooFewValues},
		{"a line of spaces", "srcport", " \t \r", " \t \r1", TooFewValues},
		{"a missing value beats a bad one", "srcport dstport bytes", "x y", "1 2 3", TooFewValues},
		{"a value too many beats a bad one", "srcport dstport", "x 2 3", "1 2", TooManyValues},
		{"of two bad values the left one decides", "srcport action", "x MAYBE", "1 ACCEPT", BadNumber},
		{"a form feed does not separate", "srcport dstport", "1\f2", "1 2", TooFewValues},
		{"a word for a port", "srcport", "http", "80", BadNumber},
		{"a negative number", "packets", "-1", "1", BadNumber},
		{"a number with a plus", "packets", "+1", "1", BadNumber},
		{"a fraction", "bytes", "1.5", "15", BadNumber},
		{"hexadecimal", "bytes", "0x10", "10", BadNumber},
		{"an underscore", "bytes", "1_000", "1000", BadNumber},
		{"two hyphens are no hyphen", "bytes", "--", "-", BadNumber},
		{"a NUL after a number", "bytes", "1\x00", "1", BadNumber},
		{"a letter after more digits than 64 bits", "bytes", "99999999999999999999x", "9999999999999999999", BadNumber},
		{"a port above 65535", "srcport", "65536", "65535", OutOfRange},
		{"a destination port above 65535", "dstport", "65536", "65535", OutOfRange},
		{"a protocol above 255", "protocol", "256", "255", OutOfRange},
		{"packets of 65 bits", "packets", "18446744073709551616", "18446744073709551615", OutOfRange},
		{"bytes ten times too large", "bytes", "184467440737095516150", "18446744073709551615", OutOfRange},
		{"so many digits that 64 bits go round", "bytes", "36893488147419103233", "3689348814741910323", OutOfRange},
		{"a time of 64 bits", "end", "9223372036854775808", "9223372036854775807", OutOfRange},
		{"TCP flags of 32 bits", "tcp-flags", "2147483648", "2147483647", OutOfRange},
		{"an octet above 255", "srcaddr", "10.0.0.256", "10.0.0.255", BadAddress},
		{"an IPv6 group of five digits", "pkt-dstaddr", "2001:db8::12345", "2001:db8::1234", BadAddress},
		{"an address with a zone", "dstaddr", "fe80::1%eth0", "fe80::1", BadAddress},
		{"a name for an address", "srcaddr", "example.com", "192.0.2.1", BadAddress},
		{"an action in lower case", "action", "accept", "ACCEPT", BadAction},
		{"an action with a tail", "action", "ACCEPTED", "ACCEPT", BadAction},
		{"an action that AWS does not have", "action", "REJECTX", "REJECT", BadAction},
		{"a log status in lower case", "log-status", "ok", "OK", BadLogStatus},
		{"a log status with a tail", "log-status", "NODATA1", "NODATA", BadLogStatus},
		{"a log status that is cut", "log-status", "SKIPDAT", "SKIPDATA", BadLogStatus},
	}
}

func TestMalformedLines(t *testing.T) {
	seen := map[Reason]bool{}
	for _, bad := range malformed() {
		t.Run(bad.name, func(t *testing.T) {
			f := mustFormat(t, bad.header)
			var r Record
			if err := f.Parse([]byte(bad.line), &r); !errors.Is(err, bad.reason) {
				t.Errorf("%q: got %v, want %v", bad.line, err, bad.reason)
			}
			if err := f.Parse([]byte(bad.neighbour), &r); err != nil {
				t.Errorf("its neighbour %q: got %v, want a record", bad.neighbour, err)
			}
		})
		seen[bad.reason] = true
	}
	seen[LineTooLong] = true // Only a scanner sees it: see scanner_test.go.
	if len(seen) != NumReasons {
		t.Errorf("the table has %d of %d reasons", len(seen), NumReasons)
	}
}

func TestWhatWasNotAskedForIsCountedButNotLookedAt(t *testing.T) {
	f := mustFormat(t, "srcport action dstport srcaddr").Select(NewFieldSet(FieldSrcPort, FieldDstPort))
	tests := []struct {
		name, line string
		want       error
	}{
		{"a bad action before a needed column", "1 MAYBE 2 10.0.0.1", nil},
		{"a bad address behind the last needed column", "1 ACCEPT 2 nowhere", nil},
		{"a value too many behind the last needed column", "1 ACCEPT 2 10.0.0.1 x", TooManyValues},
		{"a value too few behind the last needed column", "1 ACCEPT 2", TooFewValues},
		{"spaces in place of the last value", "1 ACCEPT 2   ", TooFewValues},
		{"a bad value that was asked for", "1 ACCEPT x nowhere", BadNumber},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var r Record
			if err := f.Parse([]byte(test.line), &r); !errors.Is(err, test.want) {
				t.Fatalf("%q: got %v, want %v", test.line, err, test.want)
			} else if err == nil {
				mustEqual(t, valuesOf(t, &r), values{"srcport": uint64(1), "dstport": uint64(2)})
			}
		})
	}
}

// Labels of metrics are made of these words, and totals are kept by them: they may not change.
func TestWords(t *testing.T) {
	var words []string
	for _, r := range Reasons() {
		words = append(words, r.String())
	}
	for a := range 4 {
		words = append(words, Action(a).String(), LogStatus(a).String(), FlowDirection(a).String())
	}
	words = append(words, Reason(NumReasons).String(), TooFewValues.Error())
	want := "too_few_values too_many_values bad_number out_of_range bad_address bad_action bad_log_status line_too_long" +
		" unknown ok unknown accept nodata ingress reject skipdata egress unknown ok unknown unknown malformed line: too_few_values"
	if got := strings.Join(words, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestReasonOf(t *testing.T) {
	if r, ok := ReasonOf(fmt.Errorf("line 7: %w", BadAction)); !ok || r != BadAction {
		t.Errorf("a wrapped reason: got %v, %v", r, ok)
	}
	for _, err := range []error{nil, ErrHeader} {
		if r, ok := ReasonOf(err); ok {
			t.Errorf("%v: got the reason %v, want none", err, r)
		}
	}
}
