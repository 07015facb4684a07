package parser

import (
	"bytes"
	"testing"
)

const benchRecords = 2000

// countingFields are those that counting asks for, so that the numbers are those of the service.
func countingFields() FieldSet {
	return NewFieldSet(FieldAccountID, FieldVPCID, FieldSubnetID, FieldInterfaceID, FieldSrcAddr, FieldDstAddr, FieldDstPort, FieldProtocol,
		FieldPackets, FieldBytes, FieldEnd, FieldAction, FieldFlowDirection, FieldLogStatus)
}

// sums is what a benchmark checks before it measures, so that it never measures something wrong.
type sums struct {
	records, accepted int
	bytes             uint64
}

func (s *sums) add(r *Record) {
	s.records++
	s.bytes += r.Bytes
	if r.Action == ActionAccept {
		s.accepted++
	}
}

func (s sums) check(b *testing.B, c corpus) {
	b.Helper()
	if want := (sums{len(c.lines), c.accepted, c.bytes}); s != want {
		b.Fatalf("before measuring: got %+v, want %+v", s, want)
	}
}

func report(b *testing.B, records int) {
	b.Helper()
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkParse(b *testing.B) {
	for _, shape := range []string{"default", "custom", "ipv6", "nodata"} {
		b.Run(shape, func(b *testing.B) { benchmarkParse(b, newCorpus(b, shape, benchRecords)) })
	}
}

func benchmarkParse(b *testing.B, c corpus) {
	f := mustFormat(b, c.header)
	var r Record
	var got sums
	for _, line := range c.lines {
		if err := f.Parse(line, &r); err != nil {
			b.Fatalf("%q: %v", line, err)
		}
		got.add(&r)
	}
	got.check(b, c)
	b.ReportAllocs()
	b.SetBytes(int64(len(c.text) - len(c.header) - 1))
	for b.Loop() {
		for _, line := range c.lines {
			if f.Parse(line, &r) != nil {
				b.Fatalf("%q no longer parses", line)
			}
		}
	}
	report(b, len(c.lines))
}

// BenchmarkScan is the whole way from text to records: through a buffer, and in place.
func BenchmarkScan(b *testing.B) {
	for _, shape := range []string{"default", "custom"} {
		c := newCorpus(b, shape, benchRecords)
		in := bytes.NewReader(nil)
		s := NewScanner(nil, ScannerConfig{Fields: countingFields()})
		b.Run("text/"+shape, func(b *testing.B) {
			benchmarkScan(b, c, s, func() { in.Reset(c.text); s.Reset(in) })
		})
		b.Run("block/"+shape, func(b *testing.B) {
			benchmarkScan(b, c, s, func() { s.ResetBytes(c.text) })
		})
	}
}

func benchmarkScan(b *testing.B, c corpus, s *Scanner, reset func()) {
	scan := func() (got sums) {
		for reset(); s.Next(); {
			r, err := s.Record()
			if err != nil {
				b.Fatal(err)
			}
			got.add(r)
		}
		return got
	}
	scan().check(b, c)
	b.ReportAllocs()
	b.SetBytes(int64(len(c.text)))
	for b.Loop() {
		scan()
	}
	report(b, len(c.lines))
}
