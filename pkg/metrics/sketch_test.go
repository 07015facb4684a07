package metrics

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// crowded is a hash that puts many keys into few buckets, so that they stray into the next ones, many with the same tag, and lets many wait together.
func crowded(key int) uint64 { return uint64(key%5)<<61 | uint64(key%3) }

// exact is what a sketch must agree with: halves of the small weights of a test are exact in a float64.
type exact map[int]float64

// TestSketchBoundsHold drives a sketch through additions, merges and halvings, and holds every key against an exact count.
func TestSketchBoundsHold(t *testing.T) {
	evicted, waited, merged, halved := 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		s := newSketch(rapid.IntRange(2, 9).Draw(rt, "capacity"), 0, crowded)
		if rapid.Bool().Draw(rt, "keys wait") {
			s.wait(crowded)
		}
		truth, mergedBefore := exact{}, merged
		for range rapid.IntRange(1, 50).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"add", "add", "add", "add", "merge", "halve"}).Draw(rt, "step") {
			case "add":
				addBoth(rt, s, truth)
			case "merge":
				other := newSketch(rapid.IntRange(2, 9).Draw(rt, "other capacity"), 2, crowded)
				if rapid.Bool().Draw(rt, "keys wait in the other") {
					other.wait(crowded)
				}
				other.pin([]int{1, 2})
				for range rapid.IntRange(0, 30).Draw(rt, "additions") {
					addBoth(rt, other, truth)
				}
				checkPlaces(rt, other, 2)
				touched := map[int]bool{}
				s.merge(other, func(at int) { touched[s.entries[at].key] = true })
				for _, e := range other.entries {
					if touched[e.key] != (e.count > 0) {
						rt.Fatalf("key %d with %d: the merge told of it: %v", e.key, e.count, touched[e.key])
					}
				}
				merged++
			case "halve":
				s.halve()
				for k := range truth {
					truth[k] /= 2
				}
				halved++
			}
			checkSketch(rt, s, truth)
		}
		if left := max(0, len(truth)-len(s.entries)); s.waiting == nil {
			evicted += left
		} else {
			waited += left
		}
		if merged == mergedBefore && (s.floor > 0) != (len(truth) > len(s.entries)) {
			rt.Fatalf("there were %d keys, there are %d, and the floor is %d", len(truth), len(s.entries), s.floor)
		}
	})
	if evicted == 0 || waited == 0 || merged == 0 || halved == 0 {
		t.Fatalf("saw %d evictions, %d keys that wait, %d merges and %d halvings: too little", evicted, waited, merged, halved)
	}
}

func addBoth(rt *rapid.T, s *sketch[int], truth exact) {
	key, weight := rapid.IntRange(0, 30).Draw(rt, "key"), rapid.Uint64Range(1, 1000).Draw(rt, "weight")
	switch at := s.add(key, weight); {
	case at >= 0 && s.entries[at].key != key:
		rt.Fatalf("adding %d returned the entry of %d", key, s.entries[at].key)
	case at < 0 && (s.waiting == nil || s.find(key).at >= 0):
		rt.Fatalf("adding %d returned no entry", key)
	}
	truth[key] += float64(weight)
}

func checkSketch(rt *rapid.T, s *sketch[int], truth exact) {
	rt.Helper()
	slack := float64(s.slack)
	for key, want := range truth {
		if e, found := s.estimate(key); !found {
			if limit := float64(s.floor) + slack; want > limit {
				rt.Fatalf("key %d has %v and is not in the sketch, which allows at most %v", key, want, limit)
			}
		} else if float64(e.certain()) > want || want > float64(e.count)+slack {
			rt.Fatalf("key %d has %v, and the sketch says %d to %d, with a slack of %v", key, want, e.certain(), e.count, slack)
		}
	}
	checkIndex(rt, s)
	checkPlaces(rt, s, 0)
}

// checkIndex wants every entry to be found, and nothing else in the index.
func checkIndex(rt *rapid.T, s *sketch[int]) {
	rt.Helper()
	used := 0
	for _, b := range s.index.buckets {
		for lane := range lanes {
			if uint16(b.tags>>(lane*laneBits)) != 0 {
				used++
			}
		}
	}
	if used != len(s.entries) {
		rt.Fatalf("the index has %d keys and there are %d entries", used, len(s.entries))
	}
	for i, e := range s.entries {
		if p := s.find(e.key); int(p.at) != i {
			rt.Fatalf("key %d is not found where it is", e.key)
		}
	}
}

// checkPlaces wants no more entries than there are places, and what waits and every entry that is not pinned on its side of the floor.
func checkPlaces(rt *rapid.T, s *sketch[int], pinned int) {
	rt.Helper()
	if n := len(s.entries) - pinned; s.pinned != pinned || n > s.capacity {
		rt.Fatalf("%d keys are pinned, want %d, and %d others have %d places", s.pinned, pinned, n, s.capacity)
	}
	for _, e := range s.entries[pinned:] {
		if e.count < s.floor {
			rt.Fatalf("key %d has %d, below the floor of %d", e.key, e.count, s.floor)
		}
	}
	for i, w := range s.waiting {
		if w > s.floor {
			rt.Fatalf("place %d waits with %d, above the floor of %d", i, w, s.floor)
		}
	}
}

func TestPinnedKeysAreExactWhateverElseComes(t *testing.T) {
	s := newSketch(3, 2, crowded)
	s.pin([]int{7, 8})
	for round := range 100 {
		for key := range 20 {
			if at := s.add(key, uint64(key+round)); (at == 0) != (key == 7) || (at == 1) != (key == 8) {
				t.Fatalf("key %d went to entry %d", key, at)
			}
		}
	}
	for at, want := range []uint64{7*100 + 4950, 8*100 + 4950} {
		if e := s.entries[at]; e.count != want || e.err != 0 {
			t.Errorf("pinned key %d: got %d with an error of %d, want exactly %d", e.key, e.count, e.err, want)
		}
	}
	s.reset()
	if s.add(9, 1); len(s.entries) != 1 || s.pinned != 0 {
		t.Errorf("after a reset: got %d entries, %d of them pinned, want 1 and none", len(s.entries), s.pinned)
	}
}

// TestResetOfFewLeavesNothing: eight keys belong into one bucket of four lanes, so that there are others to clear.
func TestResetOfFewLeavesNothing(t *testing.T) {
	s := newSketch(100, 0, crowded)
	for key := range 8 {
		s.add(5*key, 1)
	}
	used := 0
	for _, b := range s.index.buckets {
		if b != (bucket{}) {
			used++
		}
	}
	if all := len(s.index.buckets); used != 2 || 8*len(s.entries) > all {
		t.Fatalf("%d buckets of %d are used: the test does not see what it is for", used, all)
	}
	s.reset()
	if slices.ContainsFunc(s.index.buckets, func(b bucket) bool { return b != bucket{} }) {
		t.Error("a bucket is not empty after a reset")
	}
}

func TestSaturatedSketchStaysSane(t *testing.T) {
	s := newSketch(2, 0, crowded)
	for key := range 3 {
		s.add(key, math.MaxUint64)
		s.add(key, math.MaxUint64)
	}
	s.halve()
	for _, e := range s.entries {
		if e.count != 1<<63 || e.err > e.count {
			t.Errorf("key %d after halving: got %d with an error of %d, want half of everything", e.key, e.count, e.err)
		}
	}
}

func TestHeaviestAreThoseThatSortingFinds(t *testing.T) {
	var entries []entry[int]
	for i := range 100 {
		entries = append(entries, entry[int]{key: i, count: uint64(i * 37 % 50), err: uint64(i % 3)})
	}
	sorted := slices.SortedStableFunc(slices.Values(entries), heavierFirst)
	for _, n := range []int{-1, 0, 1, 10, 100, 1000} {
		got, want := heaviest(entries, n, everyEntry), sorted[:min(max(n, 0), len(sorted))]
		if !slices.Equal(got, want) {
			t.Errorf("the heaviest %d: got %v, want %v", n, got, want)
		}
	}
}
