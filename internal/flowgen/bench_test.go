package flowgen

import (
	"testing"
	"time"
)

// BenchmarkObject makes whole objects. The text is what the generator does; the rest of the time is gzip's.
func BenchmarkObject(b *testing.B) {
	for _, c := range []struct {
		name, format string
		level        int
	}{{"v2/gzip-1", "v2", 1}, {"v2/gzip-6", "v2", 6}, {"recommended/gzip-1", "recommended", 1}, {"recommended/gzip-6", "recommended", 6}, {"v11/gzip-1", "v11", 1}} {
		b.Run(c.name, func(b *testing.B) {
			g := newBenchGenerator(b, c.format, c.level)
			measure(b, func() Object { return g.Object(noon()) })
		})
	}
}

// BenchmarkText leaves gzip out.
func BenchmarkText(b *testing.B) {
	for _, format := range []string{"v2", "recommended", "v11"} {
		b.Run(format, func(b *testing.B) {
			g := newBenchGenerator(b, format, 1)
			measure(b, func() Object {
				g.made++
				g.writer.begin(g.formats[0], g.made)
				g.fill(noon())
				text, totals := g.writer.end()
				return Object{Uncompressed: len(text), Totals: totals}
			})
		})
	}
}

func newBenchGenerator(b *testing.B, format string, level int) *Generator {
	b.Helper()
	g, err := New(Config{Seed: 1, Formats: []string{format}, RecordsPerObject: 20_000, Ports: []uint16{443, 80, 53}, CompressionLevel: level})
	if err != nil {
		b.Fatal(err)
	}
	return g
}

func measure(b *testing.B, object func() Object) {
	records, text := uint64(0), 0
	b.ReportAllocs()
	for b.Loop() {
		o := object()
		n := o.Totals.RecordsRead["ok"]
		if n < 19_000 {
			b.Fatalf("got %d records, want more than 19,000", n)
		}
		records, text = records+n, text+o.Uncompressed
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(text)/b.Elapsed().Seconds()/1e6, "MB/s")
}

func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }
