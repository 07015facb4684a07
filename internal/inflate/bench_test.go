//go:build unix

package inflate

import (
	"bytes"
	"compress/gzip"
	"io"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"flowd/internal/flowgen"
)

// benchRecords make 20 to 50 MB of text.
const benchRecords = 200_000

func flowLog(b *testing.B, format string) []byte {
	b.Helper()
	g, err := flowgen.New(flowgen.Config{Seed: 1, RecordsPerObject: benchRecords, Formats: []string{format}, Clean: true})
	if err != nil {
		b.Fatal(err)
	}
	return g.Object(time.Unix(1_700_000_000, 0)).Body
}

// userTime is what this process has used so far: other load on the machine does not count.
func userTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano())
}

// drainBlocks inflates all of it, as the parser takes it.
func drainBlocks(b *testing.B, z *Reader, in []byte) (n int) {
	if err := z.Reset(bytes.NewReader(in)); err != nil {
		b.Fatal(err)
	}
	for {
		block, err := z.Next(0)
		if err == io.EOF { //nolint:errorlint // The end is not wrapped.
			return n
		}
		if err != nil {
			b.Fatal(err)
		}
		n += len(block)
	}
}

func drainStandard(b *testing.B, in []byte) int {
	r, err := gzip.NewReader(bytes.NewReader(in))
	if err != nil {
		b.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		b.Fatal(err)
	}
	return int(n)
}

// drainLibdeflate is the C library in a process of its own, which holds all of the text in memory. Only its user time counts, not that for pages.
func drainLibdeflate(b *testing.B, in []byte) time.Duration {
	c := exec.Command("libdeflate-gzip", "-dc")
	c.Stdin = bytes.NewReader(in)
	if err := c.Run(); err != nil {
		b.Fatal(err)
	}
	return c.ProcessState.UserTime()
}

// BenchmarkInflate prints how many times as fast as others the fast engine is: all in turns, medians of the ratio in each round. Without
// libdeflate-gzip that ratio is left out.
func BenchmarkInflate(b *testing.B) {
	_, missing := exec.LookPath("libdeflate-gzip")
	for _, format := range []string{"v2", "v5"} {
		b.Run(format, func(b *testing.B) {
			in := flowLog(b, format)
			fast, klauspost := NewReader(), NewReaderWith(Klauspost)
			size, rounds := drainBlocks(b, fast, in), map[string][]float64{}
			measure := func(name string, drain func() int) time.Duration {
				began := userTime(b)
				if got := drain(); got != size {
					b.Fatalf("%s: got %d bytes, want %d", name, got, size)
				}
				took := userTime(b) - began
				rounds[name+"-MB/s"] = append(rounds[name+"-MB/s"], float64(size)/1e6/took.Seconds())
				return took
			}
			ratio := func(name string, other, own time.Duration) {
				rounds[name] = append(rounds[name], other.Seconds()/own.Seconds())
			}
			for b.Loop() {
				own := measure("fast", func() int { return drainBlocks(b, fast, in) })
				ratio("x-klauspost", measure("klauspost", func() int { return drainBlocks(b, klauspost, in) }), own)
				ratio("x-std", measure("std", func() int { return drainStandard(b, in) }), own)
				if missing == nil {
					ratio("x-libdeflate", drainLibdeflate(b, in), own)
				}
			}
			b.ReportMetric(0, "ns/op")
			for name, values := range rounds {
				slices.Sort(values)
				b.ReportMetric(values[len(values)/2], name)
			}
		})
	}
}
