package metrics

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// tallyStream is what one file has of one ranking, in order.
type tallyStream []struct {
	key    portKey
	weight uint64
}

func drawTallyStreams(t *rapid.T, keys int) []tallyStream {
	streams := make([]tallyStream, rapid.IntRange(1, 6).Draw(t, "files"))
	for i := range streams {
		streams[i] = make(tallyStream, rapid.IntRange(0, 60).Draw(t, "records"))
		for j := range streams[i] {
			streams[i][j].key = portKey(rapid.IntRange(1, keys).Draw(t, "key"))
			streams[i][j].weight = rapid.Uint64Range(0, 20).Draw(t, "weight")
		}
	}
	return streams
}

func newTally(entries int, seed uint64) *tally[portKey] {
	return &tally[portKey]{sketch: newSketch(entries, 0, hashPort(seed)).wait(hashPort(0))}
}

// merged is the ranking of all streams, by parts that are used again.
func mergedTally(streams []tallyStream, entries int, seed uint64) *tally[portKey] {
	total, part := newTally(entries, seed), newTally(entries, seed)
	space := newMergeSpace(entries)
	for _, s := range streams {
		for _, r := range s {
			part.add(r.key, true, r.weight)
		}
		total.merge(part, space)
		part.reset()
	}
	return total
}

func tallyWeights(streams []tallyStream) map[portKey]uint64 {
	weights := map[portKey]uint64{}
	for _, s := range streams {
		for _, r := range s {
			if r.weight > 0 {
				weights[r.key] += r.weight
			}
		}
	}
	return weights
}

// TestMergedBoundsHold: whatever was merged, no true weight is above what is said, or further below than said.
func TestMergedBoundsHold(t *testing.T) {
	dropped := 0
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.IntRange(2, 8).Draw(t, "entries")
		streams := drawTallyStreams(t, 24)
		total, weights := mergedTally(streams, entries, rapid.Uint64().Draw(t, "seed")), tallyWeights(streams)
		tracked := map[portKey]bool{}
		for _, e := range total.sketch.entries {
			tracked[e.key] = true
			if w := weights[e.key]; w > e.count || e.count-e.err > w {
				t.Fatalf("key %d weighs %d, and the ranking says %d with an error of %d", e.key, w, e.count, e.err)
			}
			if e.count < total.sketch.floor {
				t.Fatalf("key %d is kept with %d, and a key that was dropped may have %d", e.key, e.count, total.sketch.floor)
			}
		}
		if len(tracked) > entries || len(tracked) != len(total.sketch.entries) {
			t.Fatalf("got %d entries with %d keys, want at most %d", len(total.sketch.entries), len(tracked), entries)
		}
		for key, w := range weights {
			if !tracked[key] && w > total.sketch.floor {
				t.Fatalf("key %d weighs %d and is not there, where at most %d may be lost", key, w, total.sketch.floor)
			}
			if !tracked[key] {
				dropped++
			}
		}
	})
	if dropped == 0 {
		t.Error("no key was ever dropped: the bounds were not put to a test")
	}
}

func TestRankingIsExactWhenEveryKeyFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const keys = 24
		streams := drawTallyStreams(t, keys)
		total, weights := mergedTally(streams, keys, 1), tallyWeights(streams)
		got := map[portKey]uint64{}
		for _, e := range total.sketch.entries {
			got[e.key] = e.count
			if e.err != 0 {
				t.Fatalf("key %d has an error of %d, want none", e.key, e.err)
			}
		}
		if !maps.Equal(got, weights) || total.sketch.floor != 0 {
			t.Fatalf("got %v and a floor of %d, want %v and none", got, total.sketch.floor, weights)
		}
	})
}

// TestSeedDoesNotShow: two processes say the same of the same files.
func TestSeedDoesNotShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.IntRange(2, 8).Draw(t, "entries")
		streams := drawTallyStreams(t, 24)
		a := mergedTally(streams, entries, 1).top(entries, cmp.Compare[portKey])
		b := mergedTally(streams, entries, rapid.Uint64().Draw(t, "seed")).top(entries, cmp.Compare[portKey])
		if !slices.Equal(a, b) {
			t.Fatalf("got %v with one seed and %v with another", a, b)
		}
	})
}

// TestHeavyKeysSurviveTheMerge: a hundred files of mostly light keys, each with the same few heavy ones.
func TestHeavyKeysSurviveTheMerge(t *testing.T) {
	const heavy, entries = 5, 64
	var streams []tallyStream
	for file := range 100 {
		var s tallyStream
		for i := range 500 {
			s = append(s, tallyStream{{portKey(1000 + (file*7919+i*31)%20000), 1}, {portKey(1 + i%heavy), uint64(1 + i%heavy)}}...)
		}
		streams = append(streams, s)
	}
	weights := tallyWeights(streams)
	for i, e := range mergedTally(streams, entries, 1).top(heavy, cmp.Compare[portKey]) {
		if want := portKey(heavy - i); e.key != want || e.err > weights[want]/10 {
			t.Errorf("place %d: got key %d with %d, error %d; want key %d with %d", i+1, e.key, e.count, e.err, want, weights[want])
		}
	}
}

// TestWhatIsDroppedInAMergeCountsAsPossible: files that are exact each, and too much together.
func TestWhatIsDroppedInAMergeCountsAsPossible(t *testing.T) {
	a, b := tallyStream{{1, 10}, {2, 20}, {3, 30}, {4, 40}}, tallyStream{{5, 15}, {6, 25}, {7, 35}, {8, 45}}
	for _, files := range [][]tallyStream{{a, b}, {b, a}} {
		total := mergedTally(files, 4, 1)
		want := []entry[portKey]{{8, 45, 0}, {4, 40, 0}, {7, 35, 0}, {3, 30, 0}}
		if got := total.top(9, cmp.Compare[portKey]); !slices.Equal(got, want) || total.sketch.floor != 25 {
			t.Errorf("two files: got %v and a floor of %d, want %v and 25", got, total.sketch.floor, want)
		}
		back := mergedTally(append(files, tallyStream{{2, 28}}), 4, 1).top(1, cmp.Compare[portKey])[0]
		if back != (entry[portKey]{2, 28 + 25, 25}) {
			t.Errorf("a dropped key that comes back: got %v, want its 28 and the 25 that it may have had", back)
		}
	}
	if light := mergedTally([]tallyStream{a, {{5, 5}}}, 4, 1); light.sketch.floor != 5 {
		t.Errorf("a key that is lighter than all others: got a floor of %d, want 5", light.sketch.floor)
	}
}
