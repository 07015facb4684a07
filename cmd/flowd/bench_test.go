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
	scanner   *parser.Scanner
	totals    *metrics.Totals
}

func newStages(b *testing.B, format string) *stages {
	b.Helper()
	totals, err := metrics.New(metrics.DefaultConfig(), time.Unix(1_700_000_000, 0))
	if err != nil {
		b.Fatal(err)
	}
	return &stages{
		corpus: newCorpus(b, format), inflate: inflate.NewReader(), klauspost: inflate.NewReaderWith(inflate.Klauspost), totals: totals,
		scanner: parser.NewScanner(nil, parser.ScannerConfig{Fields: metrics.Fields()}),
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
func (s *stages) scan(b *testing.B, each func(*parser.Record)) (n uint64) {
	for ; s.scanner.Next(); n++ {
		r, err := s.scanner.Record()
		if err != nil {
			b.Fatal(err)
		}
		each(r)
	}
	if err := s.scanner.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}

func (s *stages) parse(b *testing.B) uint64 {
	s.scanner.Reset(bytes.NewReader(s.text))
	return s.scan(b, func(*parser.Record) {})
}

func (s *stages) batch(b *testing.B) uint64 {
	batch := s.totals.NewBatch(time.Time{})
	defer batch.Discard()
	s.scanner.Reset(bytes.NewReader(s.text))
	return s.scan(b, batch.Add)
}

func (s *stages) object(b *testing.B) uint64 {
	batch := s.totals.NewBatch(time.Time{})
	defer batch.Discard()
	if err := s.inflate.Reset(bytes.NewReader(s.stored)); err != nil {
		b.Fatal(err)
	}
	s.scanner.ResetBlocks(s.inflate)
	return s.scan(b, batch.Add)
}

// BenchmarkObject is what users feel, beside its parts: klauspost and inflate are each inflater alone, parse and batch begin with text in memory, object is all of
// it, from compressed bytes to a batch that can be committed. B/op and allocs/op are of a whole object of 40,000 records.
func BenchmarkObject(b *testing.B) {
	for _, format := range []string{"v2", "v5"} {
		s := newStages(b, format)
		for _, stage := range []struct {
			name string
			run  func(*testing.B) uint64
		}{{"klauspost", s.klauspostAlone}, {"inflate", s.inflateAlone}, {"parse", s.parse}, {"batch", s.batch}, {"object", s.object}} {
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
