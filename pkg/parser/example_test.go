package parser_test

import (
	"errors"
	"fmt"
	"strings"

	"flowd/pkg/parser"
)

// An object is a header and the lines after it. A malformed line is counted and skipped; an error of the scanner means that nothing of the
// object may be counted.
func ExampleScanner() {
	object := strings.NewReader(`interface-id srcaddr dstport bytes action
eni-0a 198.51.100.7 443 5120 ACCEPT
eni-0a 198.51.100.7 https 100 ACCEPT
eni-0b - - - -
`)
	var bytes uint64
	s := parser.NewScanner(object, parser.ScannerConfig{})
	for s.Next() {
		record, err := s.Record()
		if reason, malformed := parser.ReasonOf(err); malformed {
			fmt.Println("skipped:", reason.String())
			continue
		}
		bytes += record.Bytes
		fmt.Printf("%s %s has bytes: %v\n", record.InterfaceID, record.Action, record.Has(parser.FieldBytes))
	}
	fmt.Println(bytes, s.Err())
	// Output:
	// eni-0a accept has bytes: true
	// skipped: bad_number
	// eni-0b unknown has bytes: false
	// 5120 <nil>
}

// Text that is in memory already is read in place. Fields that nobody asks for cost little, and what is in them does not matter.
func ExampleScanner_ResetBytes() {
	s := parser.NewScanner(nil, parser.ScannerConfig{Fields: parser.NewFieldSet(parser.FieldDstPort)})
	s.ResetBytes([]byte("srcaddr dstport\n192.0.2.1 22\nsomewhere 80\n"))
	for s.Next() {
		record, err := s.Record()
		fmt.Println(record.Has(parser.FieldSrcAddr), record.DstPort, err)
	}
	// Output:
	// false 22 <nil>
	// false 80 <nil>
}

// A format compiles once and parses any number of lines into one record.
func ExampleFormat_Parse() {
	format, err := parser.ParseFormat("${version} ${srcaddr} ${dstaddr} ${log-status}")
	if err != nil {
		fmt.Println(err)
		return
	}
	var record parser.Record
	fmt.Println(format.Parse([]byte("2 10.0.0.1 2001:db8::2 OK"), &record), record.SrcAddr, record.DstAddr)
	fmt.Println(format.Parse([]byte("2 10.0.0.1 OK"), &record))
	// Output:
	// <nil> 10.0.0.1 2001:db8::2
	// malformed line: too_few_values
}

// Input without a header is refused rather than guessed at.
func ExampleParseFormat() {
	_, err := parser.ParseFormat("2 123456789012 eni-0a 10.0.0.1 10.0.0.2 443 50000 6 10 840 1700000000 1700000060 ACCEPT OK")
	fmt.Println(errors.Is(err, parser.ErrHeader))
	// Output: true
}
