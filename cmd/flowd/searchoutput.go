package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// searchPrinter writes lines in order, up to the limit. It is used by one worker at a time.
type searchPrinter struct {
	w       io.Writer
	output  output
	limit   uint64
	printed uint64
	widths  []int  // Of the columns of the table so far.
	aligned []byte // Used again.
}

func newSearchPrinter(w io.Writer, o output, limit uint64) *searchPrinter {
	return &searchPrinter{w: w, output: o, limit: limit}
}

// print writes lines of so many records; no text when they are only counted. It returns errEnough when the limit is reached.
func (p *searchPrinter) print(text []byte, records uint64) error {
	if p.limit > 0 && records > p.limit-p.printed {
		records = p.limit - p.printed
		text = firstLines(text, records)
	}
	if len(text) > 0 {
		if !p.output.json() {
			text = p.align(text)
		}
		if _, err := p.w.Write(text); err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
	}
	p.printed += records
	if p.limit > 0 && p.printed >= p.limit {
		return errEnough
	}
	return nil
}

// align pads cells. A column gets wider with its content and never narrower, so rows can be printed as they come.
func (p *searchPrinter) align(text []byte) []byte {
	if p.widths == nil {
		p.widths = make([]int, strings.Count(searchColumns, "\t")+1)
		text = append([]byte(searchColumns+"\n"), text...)
	}
	eachCell(text, func(i int, cell []byte) { p.widths[i] = max(p.widths[i], len(cell)) })
	p.aligned = p.aligned[:0]
	eachCell(text, func(i int, cell []byte) {
		p.aligned = append(p.aligned, cell...)
		if i == len(p.widths)-1 {
			p.aligned = append(p.aligned, '\n')
			return
		}
		for range p.widths[i] - len(cell) + columnGap {
			p.aligned = append(p.aligned, ' ')
		}
	})
	return p.aligned
}

const columnGap = 2

func eachCell(text []byte, yield func(column int, cell []byte)) {
	for line := range bytes.Lines(text) {
		column := 0
		for cell := range bytes.SplitSeq(bytes.TrimSuffix(line, []byte("\n")), []byte("\t")) {
			yield(column, cell)
			column++
		}
	}
}

// count shows the number alone.
func (p *searchPrinter) count(w io.Writer) error {
	if p.output.json() {
		return writeJSON(w, struct {
			Count uint64 `json:"count"`
		}{p.printed})
	}
	if _, err := fmt.Fprintln(w, p.printed); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

func firstLines(text []byte, n uint64) []byte {
	end := 0
	for range n {
		i := bytes.IndexByte(text[end:], '\n')
		if i < 0 {
			return text
		}
		end += i + 1
	}
	return text[:end]
}
