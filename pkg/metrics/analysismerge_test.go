package metrics

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestMergeKeepsTheHeaviestOfBoth holds merges against the definition: all keys of both, raised by what they may have had where they are not, sorted.
func TestMergeKeepsTheHeaviestOfBoth(t *testing.T) {
	cuts := 0
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.IntRange(2, 8).Draw(t, "entries")
		total, part, space := newTally(entries, 1), newTally(entries, 1), newMergeSpace(entries)
		for _, stream := range drawTallyStreams(t, 24) {
			for _, r := range stream {
				part.add(r.key, true, r.weight)
			}
			want, floor := plainMerge(total, part)
			total.merge(part, space)
			part.reset()
			if !slices.Equal(total.sketch.entries, want) || total.sketch.floor != floor {
				t.Fatalf("got %v and a floor of %d, want %v and %d", total.sketch.entries, total.sketch.floor, want, floor)
			}
			for i, e := range want {
				if p := total.sketch.find(e.key); int(p.at) != i {
					t.Fatalf("key %d is not found where it is", e.key)
				}
			}
			if len(want) == entries && floor > 0 {
				cuts++
			}
		}
	})
	if cuts == 0 {
		t.Error("nothing was ever cut off")
	}
}

// plainMerge is what merging a into b leaves, and the floor.
func plainMerge(a, b *tally[portKey]) (kept []entry[portKey], floor uint64) {
	all := slices.Clone(a.sketch.entries)
	for i := range all {
		if e, found := b.sketch.estimate(all[i].key); found {
			all[i].count, all[i].err = all[i].count+e.count, all[i].err+e.err
		} else {
			all[i].raise(b.sketch.floor)
		}
	}
	for _, e := range b.sketch.entries {
		if _, found := a.sketch.estimate(e.key); !found {
			e.raise(a.sketch.floor)
			all = append(all, e)
		}
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(all[j].count, all[i].count) })
	n := min(len(all), a.sketch.capacity)
	floor = a.sketch.floor + b.sketch.floor
	for _, i := range order[n:] {
		floor = max(floor, all[i].count)
	}
	slices.Sort(order[:n])
	for _, i := range order[:n] {
		kept = append(kept, all[i])
	}
	return kept, floor
}
