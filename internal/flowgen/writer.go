package flowgen

import (
	"math/rand/v2"
	"strings"
)

// writer builds the text of one object after the other, and counts what it writes.
type writer struct {
	rng     *rand.Rand
	odd     bool // Lines may be odd or malformed.
	format  *format
	text    []byte // Of the object; the next one takes the same memory.
	line    []byte
	tally   *tally
	number  uint32 // Of the object.
	newline string // Of a line.
	split   int    // Where a second gzip member begins; 0 is one member.
	plain   bool   // The object is not compressed.
}

func newWriter(rng *rand.Rand, cfg Config) *writer {
	return &writer{rng: rng, odd: !cfg.Clean, tally: newTally(cfg.Ports)}
}

// begin starts an object with its header. Now and then its lines end as on Windows.
func (w *writer) begin(f *format, number uint32) {
	w.format, w.number, w.text, w.split, w.plain, w.newline = f, number, w.text[:0], 0, false, "\n"
	if w.odd && number%9 == 0 {
		w.newline = "\r\n"
	}
	w.tally.begin(f)
	w.put([]byte(f.header))
}

func (w *writer) put(line []byte) {
	w.text = append(append(w.text, line...), w.newline...)
}

// record writes a record, and around it, now and then, what a parser must bear.
func (w *writer) record(r *record) {
	w.line = w.format.line(w.line[:0], r)
	if w.odd {
		w.oddity()
	}
	w.put(w.line)
	w.tally.add(r)
}

// oddity is legal: it changes how a line looks and not what it says, or puts something in front of it that is no record.
func (w *writer) oddity() {
	switch w.rng.IntN(400) {
	case 0:
		w.line = []byte(strings.Replace(string(w.line), " ", "  ", 2))
	case 1:
		w.put(nil)
	case 2:
		w.put([]byte(w.format.header))
	case 3:
		w.malformed()
	}
}

// malformed writes a line that is no record, made from the one at hand. Formats that lack a column cannot have its reason.
func (w *writer) malformed() {
	values := strings.Fields(string(w.line))
	set := func(column, value string) bool {
		for i, name := range w.format.names {
			if name == column {
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
	if pick := reasons[w.rng.IntN(len(reasons))]; pick.spoil() {
		w.put([]byte(strings.Join(values, " ")))
		w.tally.malformed[pick.reason]++
	}
}

// end returns the text, valid until the next object begins, and the totals. Of ten odd objects one has no last newline, one is stored in two
// members, and one as plain text.
func (w *writer) end() ([]byte, *Totals) {
	if w.odd {
		switch w.number % 10 {
		case 3:
			w.text = w.text[:len(w.text)-1]
		case 5:
			w.split = len(w.text) / 2
		case 7:
			w.plain = true
		}
	}
	return w.text, w.tally.totals()
}
