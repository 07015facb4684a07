package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"flowd/internal/inflate"
)

// BenchmarkAnalyze is one file from disk to its result, and as a ratio the time that klauspost takes to inflate it alone, measured in turns with it.
func BenchmarkAnalyze(b *testing.B) {
	for _, format := range []string{"v2", "v5"} {
		b.Run(format, func(b *testing.B) {
			c := newCorpus(b, format)
			path := filepath.Join(b.TempDir(), "flows.log.gz")
			if err := os.WriteFile(path, c.stored, 0o600); err != nil {
				b.Fatal(err)
			}
			z, inflating, analyzing := inflate.NewReaderWith(inflate.Klauspost), time.Duration(0), time.Duration(0)
			command := &analyzeCommand{archiveInput{Input: []string{path}, Workers: 1, Ingest: inflateSetting{inflate.Fast}}, 20, output{"json"}}
			for b.Loop() {
				begin := time.Now()
				if n := inflateAll(b, z, c.stored); n != len(c.text) {
					b.Fatalf("inflated %d bytes, want %d", n, len(c.text))
				}
				middle := time.Now()
				var out bytes.Buffer
				if err := command.Run(b.Context(), new(commandLine), streams{&out, io.Discard}); err != nil || out.Len() < 1000 {
					b.Fatalf("got %v and %q", err, out.String())
				}
				inflating, analyzing = inflating+middle.Sub(begin), analyzing+time.Since(middle)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(len(c.text)*b.N)/1e6/analyzing.Seconds(), "MB/s")
			b.ReportMetric(float64(c.records)*float64(b.N)/analyzing.Seconds(), "records/s")
			b.ReportMetric(inflating.Seconds()/analyzing.Seconds(), "klauspost/analyze")
		})
	}
}
