package main

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"flowd/internal/flowgen"
	"flowd/internal/inflate"
	"flowd/pkg/metrics"
	"flowd/pkg/parser"
)

// corpus is one generated object, as stored and as text.
type corpus struct {
	stored, text []byte
	records      uint64 // With status OK, NODATA or SKIPDATA.
}

const corpusRecords = 40_000 // About 5 MB of text.

func newCorpus(b *testing.B, format string) corpus {
	b.Helper()
	g, err := flowgen.New(flowgen.Config{Seed: 1, RecordsPerObject: corpusRecords, Formats: []string{format}, Clean: true, Ports: metrics.DefaultPorts()})
	if err != nil {
		b.Fatal(err)
	}
	o := g.Object(time.Unix(1_700_000_000, 0))
	c := corpus{stored: o.Body}
	for _, n := range o.Totals.RecordsRead {
		c.records += n
	}
	z := inflate.NewReader()
	if err := z.Reset(bytes.NewReader(o.Body)); err != nil {
		b.Fatal(err)
	}
	if c.text, err = io.ReadAll(z); err != nil {
		b.Fatal(err)
	}
	return c
}

// stages are the parts of reading an object, each with everything before it in memory already, but the last, which is all of them.
type stages struct {
	corpus
	inflate   *inflate.Reader
	klauspost *inflate.Reader
	scanner   *parser.Scanner // For a batch.
	analyzer  *parser.Scanner // For an analysis, which asks for fewer fields.
	totals    *metrics.Totals
	analysis  *metrics.Analysis
	part      *metrics.AnalysisPart // Of analysis, for one object after another, as a worker has it.
}

func newStages(b *testing.B, format string) *stages {
	b.Helper()
	totals, err := metrics.New(metrics.DefaultConfig(), time.Unix(1_700_000_000, 0))
	if err != nil {
		b.Fatal(err)
	}
	analysis := metrics.NewAnalysis()
	return &stages{
		corpus: newCorpus(b, format), inflate: inflate.NewReader(), klauspost: inflate.NewReaderWith(inflate.Klauspost), totals: totals,
		scanner:  parser.NewScanner(nil, parser.ScannerConfig{Fields: metrics.Fields()}),
		analyzer: parser.NewScanner(nil, parser.ScannerConfig{Fields: metrics.AnalysisFields()}),
		analysis: analysis, part: analysis.NewPart(),
	}
}

func (s *stages) inflateAlone(b *testing.B) uint64   { return s.inflateWith(b, s.inflate) }
func (s *stages) klauspostAlone(b *testing.B) uint64 { return s.inflateWith(b, s.klauspost) }

func (s *stages) inflateWith(b *testing.B, z *inflate.Reader) uint64 {
	if n := inflateAll(b, z, s.stored); n != len(s.text) {
		b.Fatalf("inflated %d bytes, want %d", n, len(s.text))
	}
	return s.records
}

// inflateAll takes all text as the scanner does.
func inflateAll(b *testing.B, z *inflate.Reader, stored []byte) (n int) {
	if err := z.Reset(bytes.NewReader(stored)); err != nil {
		b.Fatal(err)
	}
	for {
		block, err := z.Next(0)
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			b.Fatal(err)
		}
		n += len(block)
	}
}

// scan reads every record of what the scanner was set to.
func scan(b *testing.B, scanner *parser.Scanner, each func(*parser.Record)) (n uint64) {
	for ; scanner.Next(); n++ {
		r, err := scanner.Record()
		if err != nil {
			b.Fatal(err)
		}
		each(r)
	}
	if err := scanner.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}

func (s *stages) parse(b *testing.B) uint64 {
	s.scanner.Reset(bytes.NewReader(s.text))
	return scan(b, s.scanner, func(*parser.Record) {})
}

func (s *stages) batch(b *testing.B) uint64 {
	batch := s.totals.NewBatch(time.Time{})
	defer batch.Discard()
	s.scanner.Reset(bytes.NewReader(s.text))
	return scan(b, s.scanner, batch.Add)
}

// analyze is an object of many: it is merged with those before it.
func (s *stages) analyze(b *testing.B) uint64 {
	s.analyzer.Reset(bytes.NewReader(s.text))
	n := scan(b, s.analyzer, s.part.Add)
	s.analysis.Merge(s.part)
	return n
}

func (s *stages) object(b *testing.B) uint64 {
	batch := s.totals.NewBatch(time.Time{})
	defer batch.Discard()
	if err := s.inflate.Reset(bytes.NewReader(s.stored)); err != nil {
		b.Fatal(err)
	}
	s.scanner.ResetBlocks(s.inflate)
	return scan(b, s.scanner, batch.Add)
}

// BenchmarkObject is what users feel, beside its parts: klauspost and inflate are each inflater alone, parse, batch and analyze begin with text in memory, object is all of
// it, from compressed bytes to a batch that can be committed. B/op and allocs/op are of a whole object of 40,000 records.
func BenchmarkObject(b *testing.B) {
	for _, format := range []string{"v2", "v5"} {
		s := newStages(b, format)
		for _, stage := range []struct {
			name string
			run  func(*testing.B) uint64
		}{{"klauspost", s.klauspostAlone}, {"inflate", s.inflateAlone}, {"parse", s.parse}, {"batch", s.batch}, {"analyze", s.analyze}, {"object", s.object}} {
			b.Run(format+"/"+stage.name, func(b *testing.B) {
				if got := stage.run(b); got != s.records { // Right before fast.
					b.Fatalf("got %d records, want %d", got, s.records)
				}
				b.SetBytes(int64(len(s.text)))
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					stage.run(b)
					n++
				}
				b.ReportMetric(float64(s.records)*float64(n)/b.Elapsed().Seconds(), "records/s")
			})
		}
	}
}
