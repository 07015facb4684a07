package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"flowd/pkg/parser"
)

const (
	recallKeys  = 1_000_000
	recallDraws = 2_000_000
	recallTop   = 100
)

// zipfStream yields every one of a million addresses at least once, and two million draws that prefer some, each with a weight like a flow's.
func zipfStream(yield func(key int, bytes uint64)) {
	rng := rand.New(rand.NewPCG(20261124, 7))
	zipf := rand.NewZipf(rng, 1.1, 1, recallKeys-1)
	everyone := rng.Perm(recallKeys)
	for i := range recallDraws {
		yield(int(zipf.Uint64()), 40+rng.Uint64N(1460))
		if i%(recallDraws/recallKeys) == 0 {
			yield(everyone[i*recallKeys/recallDraws], 40)
		}
	}
}

// TestRecallOnAMillionKeys holds the ranking's sketch, fed directly and through batches, against exact counts of a seeded Zipf stream.
func TestRecallOnAMillionKeys(t *testing.T) {
	if raceDetector {
		t.Skip("it is twenty times slower under the race detector, and has one goroutine")
	}
	truth, seen := make([]uint64, recallKeys), 0
	totals, err := New(DefaultConfig(), start())
	if err != nil {
		t.Fatal(err)
	}
	p := &totals.source
	direct, merged, batch := newSketch(sketchEntries, 0, p.hash), p.rank.sketch, p.newBatchSketch()
	zipfStream(func(i int, bytes uint64) {
		key := parser.Addr{Lo: uint64(i)}
		truth[i] += bytes
		direct.add(key, bytes)
		batch.add(key, bytes)
		if seen++; seen%100_000 == 0 { // An object has about so many records.
			merged.merge(batch, func(int) {})
			batch.reset()
		}
	})
	if slices.Contains(truth, 0) {
		t.Fatal("the stream does not have every key")
	}
	checkRecall(t, "the sketch", direct, truth, 0.001)
	checkRecall(t, "merged from batches", merged, truth, 0.001)
}

// checkRecall wants 99 of the true top 100, and their estimates within the mean relative error.
func checkRecall(t *testing.T, what string, s *sketch[parser.Addr], truth []uint64, maxError float64) {
	t.Helper()
	order := make([]int, len(truth))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(truth[b]) - int(truth[a]) })
	found := map[parser.Addr]bool{}
	for _, e := range heaviest(s.entries, recallTop, everyEntry) {
		found[e.key] = true
	}
	hits, relative := 0, 0.0
	for _, i := range order[:recallTop] {
		if key := (parser.Addr{Lo: uint64(i)}); found[key] {
			hits++
		}
		e, _ := s.estimate(parser.Addr{Lo: uint64(i)})
		relative += math.Abs(float64(e.count)-float64(truth[i])) / float64(truth[i]) / recallTop
	}
	t.Logf("%s: recall@%d %.2f, mean relative error %.5f", what, recallTop, float64(hits)/recallTop, relative)
	if hits < 99 {
		t.Errorf("%s: got %d of the true top %d, want 99", what, hits, recallTop)
	}
	if relative > maxError {
		t.Errorf("%s: got a mean relative error of %.5f, want at most %v", what, relative, maxError)
	}
}

func TestRankingFitsInOneMegabyte(t *testing.T) {
	totals, err := New(DefaultConfig(), start())
	if err != nil {
		t.Fatal(err)
	}
	const limit = 1 << 20
	for what, got := range map[string]int{
		"addresses": sketchBytes(totals.source.rank.sketch),
		"pairs":     sketchBytes(totals.pair.rank.sketch),
		"ports":     sketchBytes(totals.rejectedPort.rank.sketch),
	} {
		if got == 0 || got > limit {
			t.Errorf("the sketch of %s takes %d bytes, want at most %d", what, got, limit)
		}
	}
	if got := batchBytes(totals.NewBatch(start())); got > limit {
		t.Errorf("an empty batch takes %d bytes, want at most %d", got, limit)
	}
}

func sketchBytes[K comparable](s *sketch[K]) int {
	return cap(s.entries)*int(unsafe.Sizeof(entry[K]{})) + cap(s.index.buckets)*int(unsafe.Sizeof(bucket{})) + 8*cap(s.waiting) + 8*cap(s.counts)
}

func batchBytes(b *Batch) int {
	return sketchBytes(b.tops.source.sketch) + sketchBytes(b.tops.destination.sketch) + sketchBytes(b.tops.pair.sketch) +
		sketchBytes(b.tops.rejectedSource.sketch) + sketchBytes(b.tops.rejectedPort.sketch) + cap(b.ports)*int(unsafe.Sizeof(counts{}))
}
