package flowgen

import (
	"bytes"
	"strings"
	"time"
)

// writer builds the text of one object, and counts what it writes.
type writer struct {
	g      *Generator
	f      *format
	text   bytes.Buffer
	line   []byte
	totals *Totals
	at     time.Time
	odd    bool
	split  int // Where a second gzip member begins; 0 is one member, -1 is plain text.
	crlf   bool
	n      int
}

func (w *writer) header() {
	w.crlf = w.odd && w.g.made%9 == 0
	w.put(w.f.header())
}

func (w *writer) put(line string) {
	w.text.WriteString(line)
	if w.crlf {
		w.text.WriteByte('\r')
	}
	w.text.WriteByte('\n')
}

// record writes a record, and around it, now and then, what a parser must bear.
func (w *writer) record(r *record) {
	w.n++
	w.line = w.f.line(w.line[:0], r)
	line := string(w.line)
	if w.odd {
		line = w.oddity(line)
	}
	w.put(line)
	w.totals.count(w.f, r, w.g.listed)
}

// oddity is legal: it changes how a line looks and not what it says, or puts something beside it that is no record.
func (w *writer) oddity(line string) string {
	switch w.g.rng.IntN(400) {
	case 0:
		return strings.Replace(line, " ", "  ", 2)
	case 1:
		w.put("")
	case 2:
		w.put(w.f.header())
	case 3:
		w.malformed(line)
	}
	return line
}

// malformed writes a line that is no record, made from one that is. Formats that lack a column cannot have its reason.
func (w *writer) malformed(line string) {
	values := strings.Fields(line)
	set := func(column, value string) bool {
		for i, c := range w.f.columns {
			if c == column {
				values[i] = value
				return true
			}
		}
		return false
	}
	reasons := []struct {
		reason string
		spoil  func() bool
	}{
		{"too_few_values", func() bool { values = values[:len(values)-1]; return true }},
		{"too_many_values", func() bool { values = append(values, "one-more"); return true }},
		{"bad_number", func() bool { return set("bytes", "12x") }},
		{"out_of_range", func() bool { return set("dstport", "70000") }},
		{"bad_address", func() bool { return set("srcaddr", "10.0.0.256") }},
		{"bad_action", func() bool { return set("action", "MAYBE") }},
		{"bad_log_status", func() bool { return set("log-status", "WHAT") }},
		{"line_too_long", func() bool { values = append(values, strings.Repeat("x", 70_000)); return true }},
	}
	if pick := reasons[w.g.rng.IntN(len(reasons))]; pick.spoil() {
		w.put(strings.Join(values, " "))
		w.totals.Malformed[pick.reason]++
	}
}

// finish decides how the file is stored: now and then without its last newline, in two members, or as plain text.
func (w *writer) finish() {
	if !w.odd {
		return
	}
	switch w.g.made % 10 {
	case 3:
		w.text.Truncate(w.text.Len() - 1)
	case 5:
		w.split = w.text.Len() / 2
	case 7:
		w.split = -1
	}
}
