// Package parser turns the text of AWS VPC Flow Logs and transit gateway flow logs into records.
//
// It knows the format: a header of field names, then one record per line, `-` for what is not known, log status. It knows every field that
// AWS documents (versions 2 to 11) and skips those it does not know. It does not know where text comes from, gzip, what records are counted
// for or logging, starts no goroutine, and imports nothing but the standard library.
//
// [ParseFormat] compiles a header once; [Format.Parse] reads a line into a [Record] without allocating; [Scanner] walks a reader or a
// block of memory, and reads lines that are alike together, column by column. The order of columns always comes from the header, never from their number.
package parser
