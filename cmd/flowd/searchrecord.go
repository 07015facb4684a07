package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"flowd/pkg/parser"
)

// searchWriter turns the matches of one worker into text.
type searchWriter struct {
	json, count    bool
	text           []byte // Lines that are not printed yet.
	found, printed uint64 // Records of the current file.
	malformed      uint64

	record parser.Record
	values [parser.NumFields]any    // Pointers into record.
	names  [parser.NumFields]string // As JSON members: `"srcaddr":`.
}

func newSearchWriter(o output, count bool) *searchWriter {
	w := &searchWriter{json: o.json(), count: count}
	record := reflect.ValueOf(&w.record).Elem()
	for _, f := range parser.Fields() {
		// The struct spells the names of AWS in the way of Go: `tcp-flags` is TCPFlags.
		plain := strings.ReplaceAll(f.String(), "-", "")
		w.values[f] = record.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, plain) }).Addr().Interface()
		w.names[f] = `"` + f.String() + `":`
	}
	return w
}

func (w *searchWriter) begin() { w.text, w.found, w.printed, w.malformed = w.text[:0], 0, 0, 0 }

func (w *searchWriter) flushed() { w.text, w.printed = w.text[:0], w.found }

// add writes a record as one line.
func (w *searchWriter) add(r *parser.Record) {
	w.found++
	switch {
	case w.count:
	case w.json:
		w.record = *r
		w.text = append(w.object(w.text), '\n')
	default:
		w.text = append(searchRow(w.text, r), '\n')
	}
}

// object has a member for each field that the record has, in the order of record versions.
func (w *searchWriter) object(dst []byte) []byte {
	dst = append(dst, '{')
	comma := false
	for f := range w.values {
		if !w.record.Has(parser.Field(f)) {
			continue
		}
		if comma {
			dst = append(dst, ',')
		}
		comma = true
		dst = append(dst, w.names[f]...)
		dst = appendValue(dst, w.values[f])
	}
	return append(dst, '}')
}

// appendValue writes numbers as numbers, and words as AWS writes them.
func appendValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case *[]byte:
		return appendText(dst, *v)
	case *uint64:
		return strconv.AppendUint(dst, *v, 10)
	case *int64:
		return strconv.AppendInt(dst, *v, 10)
	case *uint32:
		return strconv.AppendUint(dst, uint64(*v), 10)
	case *int32:
		return strconv.AppendInt(dst, int64(*v), 10)
	case *uint16:
		return strconv.AppendUint(dst, uint64(*v), 10)
	case *uint8:
		return strconv.AppendUint(dst, uint64(*v), 10)
	case *parser.Addr:
		return append(v.Netip().AppendTo(append(dst, '"')), '"')
	case *parser.Action:
		return appendUpper(dst, v.String())
	case *parser.LogStatus:
		return appendUpper(dst, v.String())
	case *parser.FlowDirection:
		return appendText(dst, []byte(v.String()))
	}
	return append(dst, "null"...)
}

// appendUpper writes a word of small letters in capitals.
func appendUpper(dst []byte, word string) []byte {
	dst = append(dst, '"')
	for i := range len(word) {
		dst = append(dst, word[i]-'a'+'A')
	}
	return append(dst, '"')
}

// appendText writes a JSON string. Nearly all text is plain; the rest is for the library.
func appendText(dst, text []byte) []byte {
	for _, c := range text {
		if c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			quoted, err := json.Marshal(string(text))
			if err != nil { // A string always has a JSON form.
				return append(dst, `""`...)
			}
			return append(dst, quoted...)
		}
	}
	return append(append(append(dst, '"'), text...), '"')
}

// searchColumns are what the table shows of a record.
const searchColumns = "START\tINTERFACE\tSRCADDR\tSRCPORT\tDSTADDR\tDSTPORT\tPROTOCOL\tPACKETS\tBYTES\tACTION\tSTATUS"

// searchRow writes the cells with tabs between them.
func searchRow(dst []byte, r *parser.Record) []byte {
	cell := func(f parser.Field, text string) {
		if !r.Has(f) {
			text = "-"
		}
		dst = append(append(dst, text...), '\t')
	}
	number := func(f parser.Field, n uint64) { cell(f, strconv.FormatUint(n, 10)) }
	cell(parser.FieldStart, time.Unix(seconds(r.Start), 0).UTC().Format(time.RFC3339))
	cell(parser.FieldInterfaceID, printable(r.InterfaceID))
	cell(parser.FieldSrcAddr, r.SrcAddr.String())
	number(parser.FieldSrcPort, uint64(r.SrcPort))
	cell(parser.FieldDstAddr, r.DstAddr.String())
	number(parser.FieldDstPort, uint64(r.DstPort))
	number(parser.FieldProtocol, uint64(r.Protocol))
	number(parser.FieldPackets, r.Packets)
	number(parser.FieldBytes, r.Bytes)
	cell(parser.FieldAction, r.Action.String())
	return append(dst, r.LogStatus.String()...)
}

// printable keeps a hostile file from sending codes to the terminal.
func printable(text []byte) string {
	return string(bytes.Map(func(c rune) rune {
		if c <= ' ' || c > '~' {
			return '?'
		}
		return c
	}, text))
}
