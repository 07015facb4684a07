package parser

import "errors"

// Reason is why a line is not a record. The set is closed, so it can be a label.
type Reason uint8

// The reasons.
const (
	TooFewValues  Reason = iota // Fewer values than the header has columns.
	TooManyValues               // More values than the header has columns.
	BadNumber                   // Not a decimal number, or a negative one.
	OutOfRange                  // A port above 65535, a protocol above 255, more bits than the field has.
	BadAddress                  // Neither IPv4 nor IPv6.
	BadAction                   // Neither ACCEPT nor REJECT.
	BadLogStatus                // None of OK, NODATA, SKIPDATA.
	LineTooLong                 // More than MaxLine bytes.

	numReasons
)

// NumReasons is the number of reasons.
const NumReasons = int(numReasons)

// String returns the reason as a label value.
func (r Reason) String() string {
	return [...]string{
		"too_few_values", "too_many_values", "bad_number", "out_of_range", "bad_address", "bad_action", "bad_log_status", "line_too_long", "unknown",
	}[min(r, numReasons)]
}

// Reasons returns every reason.
func Reasons() []Reason {
	all := make([]Reason, numReasons)
	for i := range all {
		all[i] = Reason(i)
	}
	return all
}

// Error makes a reason an error of its own: returning one allocates nothing. Skip the line and count it; the lines after it are good.
func (r Reason) Error() string { return "malformed line: " + r.String() }

// ReasonOf finds the reason in an error of [Format.Parse] or [Scanner.Record]; false for nil. It allocates nothing, so it may be asked for every record.
func ReasonOf(err error) (Reason, bool) { return errors.AsType[Reason](err) }
