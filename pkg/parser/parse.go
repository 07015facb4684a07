package parser

// Parse reads one line, without its newline, into r. It allocates nothing, whether the line is well-formed or not.
//
// An error is a [Reason]; r's fields must not be used then. Too few or too many values come before everything else, then the leftmost bad
// value decides. Values in columns that were not asked for are not looked at, but they are counted. Text fields of r alias line.
//
// Several goroutines may call it at once, each with a Record of its own.
func (f *Format) Parse(line []byte, r *Record) error {
	if r.format != f { // Otherwise every field that may have a value gets another one below.
		*r = Record{format: f}
	}
	var starts cuts
	if !starts.cut(withoutCR(line), len(f.columns)) {
		return f.parseLoose(line, r)
	}
	r.present = f.asked
	if reason, ok := r.fill(f.plan, line, &starts); !ok {
		r.format = nil
		return reason
	}
	return nil
}

func withoutCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// parseLoose reads a line that is not as AWS writes it, byte by byte.
func (f *Format) parseLoose(line []byte, r *Record) error {
	*r = Record{present: f.asked}
	if err := f.checkCount(countValues(line)); err != nil {
		return err
	}
	value, start, end := 0, 0, 0
	for _, c := range f.plan {
		for ; value <= int(c.at); value++ {
			start, end = nextValue(line, end)
		}
		one, starts := [1]column{{c.kind, c.field, 0}}, cuts{0, uint32(end-start) + 1}
		if reason, ok := r.fill(one[:], line[start:end], &starts); !ok {
			return reason
		}
	}
	return nil
}

// nextValue finds the next value from i on. There must be one.
func nextValue(line []byte, i int) (start, end int) {
	for isSpace(line[i]) {
		i++
	}
	for start = i; i < len(line) && !isSpace(line[i]); {
		i++
	}
	return start, i
}

func (f *Format) checkCount(values int) error {
	switch {
	case values < len(f.columns):
		return TooFewValues
	case values > len(f.columns):
		return TooManyValues
	}
	return nil
}

// isSpace is what separates values. AWS writes one space; its documentation has a sample with two, and files pass through tools that leave
// CRs. A control byte that is none of these is part of a value. The first comparison alone decides for nearly every byte.
func isSpace(c byte) bool { return c <= ' ' && (c == ' ' || c == '\t' || c == '\r') }

// countValues counts the steps from a space to a value.
func countValues(text []byte) int {
	n, inSpace := 0, true
	for _, c := range text {
		space := isSpace(c)
		if inSpace && !space {
			n++
		}
		inSpace = space
	}
	return n
}

func isBlank(line []byte) bool {
	for _, c := range line {
		if !isSpace(c) {
			return false
		}
	}
	return true
}
