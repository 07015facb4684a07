package parser

// Parse reads one line, without its newline, into r. It allocates nothing, whether the line is well-formed or not.
//
// An error is a [Reason]; r's fields must not be used then. Too few or too many values come before everything else, then the leftmost bad
// value decides. Values in columns that were not asked for are not looked at, but they are counted. Text fields of r alias line.
//
// Several goroutines may call it at once, each with a Record of its own.
func (f *Format) Parse(line []byte, r *Record) error {
	*r = Record{}
	i := 0
	for _, c := range f.plan {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
		if i == len(line) {
			return TooFewValues
		}
		start := i
		for i < len(line) && !isSpace(line[i]) {
			i++
		}
		value := line[start:i]
		if c.kind == kindSkip || len(value) == 1 && value[0] == '-' {
			continue
		}
		if reason, ok := r.set(c, value); !ok {
			return f.malformed(line, reason)
		}
		r.present.add(c.field)
	}
	return f.checkCount(len(f.plan) + countValues(line[i:]))
}

// malformed decides about a line with a bad value. Only such a line is walked twice: a wrong number of values would be the cause of the bad one.
func (f *Format) malformed(line []byte, reason Reason) error {
	if err := f.checkCount(countValues(line)); err != nil {
		return err
	}
	return reason
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
