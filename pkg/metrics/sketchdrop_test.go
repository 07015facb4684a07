package metrics

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCutIsWhereSortingCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.OneOf(rapid.Uint64Range(0, 5), rapid.Uint64Range(250, 260), rapid.SampledFrom([]uint64{1 << 16, 1<<40 + 7, math.MaxUint64}), rapid.Uint64())
		counts := rapid.SliceOfN(count, 2, 40).Draw(t, "counts")
		n := rapid.IntRange(1, len(counts)-1).Draw(t, "kept")
		sorted := slices.Clone(counts)
		slices.Sort(sorted)
		bound := sorted[len(sorted)-n]
		want := cut{bound, 0}
		for _, v := range sorted[len(sorted)-n:] {
			if v == bound {
				want.equal++
			}
		}
		if got := heaviestOf(slices.Clone(counts), n); got != want {
			t.Fatalf("the heaviest %d of %d: got %+v, want %+v", n, counts, got, want)
		}
	})
}
