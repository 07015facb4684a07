package metrics

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// rankingClock drives a ranking minute by minute.
type rankingClock struct {
	*ranking[int]
	t   *testing.T
	now time.Time
}

func newRankingClock(t *testing.T, k, capacity int) *rankingClock {
	t.Helper()
	r := newRanking(k, capacity, func(key int) uint64 { return uint64(key) }, start())
	return &rankingClock{r, t, start()}
}

// weigh adds weight as a batch does, and touches members as booking does.
func (r *rankingClock) weigh(weights map[int]uint64) {
	batch := newSketch(64, 0, r.sketch.hash)
	for key, w := range weights {
		batch.add(key, w)
		r.touch(key, r.now)
	}
	r.merge(batch, r.now)
}

// wantTick moves on by a minute, ticks, and wants these to come and go.
func (r *rankingClock) wantTick(why string, admitted, departed []int) {
	r.t.Helper()
	r.now = r.now.Add(time.Minute)
	in, out := r.tick(r.now)
	if fmt.Sprint(in, out) != fmt.Sprint(admitted, departed) {
		r.t.Errorf("%s: admitted %v and departed %v, want %v and %v", why, in, out, admitted, departed)
	}
	if len(r.order) > r.k || len(r.order) != len(r.member) {
		r.t.Errorf("%s: %d members in %d places, %d of them with a clock", why, len(r.order), r.k, len(r.member))
	}
}

func TestFreePlacesAreFilledAtOnce(t *testing.T) {
	r := newRankingClock(t, 2, 100)
	r.wantTick("nobody is known", nil, nil)
	r.weigh(map[int]uint64{1: 10, 2: 30, 3: 20})
	r.wantTick("two places for three", []int{2, 3}, nil)
}

func TestCandidateMustBeatTheWeakestByAMarginTwice(t *testing.T) {
	tests := []struct {
		name                 string
		before, between      map[int]uint64
		admittedAt2, leftAt2 []int
	}{
		{"a quarter more is not enough", map[int]uint64{3: 125}, nil, nil, nil},
		{"more than a quarter in two ticks is", map[int]uint64{3: 126}, nil, []int{3}, []int{1}},
		{"the weakest catches up between the ticks", map[int]uint64{3: 126}, map[int]uint64{1: 10}, nil, nil},
		{"beating the strongest does not matter", map[int]uint64{3: 9999}, nil, []int{3}, []int{1}},
		{"two candidates take two places", map[int]uint64{3: 9999, 4: 9998}, nil, []int{3, 4}, []int{1, 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRankingClock(t, 2, 100)
			r.weigh(map[int]uint64{1: 100, 2: 200})
			r.wantTick("free places", []int{2, 1}, nil)
			r.weigh(test.before)
			r.wantTick("the first time", nil, nil)
			r.weigh(test.between)
			r.wantTick("the second time", test.admittedAt2, test.leftAt2)
		})
	}
}

func TestTwoTicksMustBeRunning(t *testing.T) {
	r := newRankingClock(t, 1, 100)
	r.weigh(map[int]uint64{1: 100})
	r.wantTick("a free place", []int{1}, nil)
	r.weigh(map[int]uint64{2: 150})
	r.wantTick("beaten once", nil, nil)
	r.weigh(map[int]uint64{1: 100})
	r.wantTick("not beaten", nil, nil)
	r.weigh(map[int]uint64{2: 150})
	r.wantTick("beaten once again", nil, nil)
	r.wantTick("beaten twice running", []int{2}, []int{1})
}

// F81 stale heavy hitters: a member that is idle for 30 minutes leaves, and needs new weight to come back.
func TestF81_IdleMemberLeavesUntilItHasNewWeight(t *testing.T) {
	r := newRankingClock(t, 1, 100)
	r.weigh(map[int]uint64{1: 1 << 40})
	r.wantTick("a free place", []int{1}, nil)
	for range 29 {
		r.wantTick("not idle for long enough", nil, nil)
	}
	r.wantTick("idle for 30 minutes", nil, []int{1})
	for range 100 {
		r.wantTick("the sketch still knows it as heavy", nil, nil)
	}
	r.weigh(map[int]uint64{1: 1})
	r.wantTick("new weight", []int{1}, nil)
}

func TestKeyThatIsLongGoneIsNoCandidate(t *testing.T) {
	r := newRankingClock(t, 1, 100)
	r.weigh(map[int]uint64{1: 1 << 40, 2: 1 << 39})
	r.wantTick("a free place", []int{1}, nil)
	r.now = r.now.Add(memberIdle)
	r.weigh(map[int]uint64{3: 100})
	r.wantTick("the place of the idle member goes to who is there now", []int{3}, []int{1})
}

func TestNobodyIsReplacedUntilTheSketchKnowsAgain(t *testing.T) {
	r := newRankingClock(t, 1, 100)
	r.restore([]int{1}, r.now)
	for range 14 {
		r.weigh(map[int]uint64{1: 1, 2: 1000})
		r.wantTick("the sketch is cold", nil, nil)
	}
	r.wantTick("warm, beaten once", nil, nil)
	r.wantTick("warm, beaten twice", []int{2}, []int{1})
}

// TestNoiseIsNoReasonToChangePlaces has far more keys than the sketch has places, each with half of what a member has: everybody inherits about
// the same error, the members are evicted as often as the others, and nobody is known to be heavier than they may be.
func TestNoiseIsNoReasonToChangePlaces(t *testing.T) {
	r := newRankingClock(t, 2, 10)
	r.weigh(map[int]uint64{1: 21, 2: 20})
	r.wantTick("free places", []int{1, 2}, nil)
	for range 25 {
		r.weigh(map[int]uint64{1: 21})
		r.weigh(map[int]uint64{2: 20})
		for key := range 50 {
			r.weigh(map[int]uint64{1000 + key: 10})
		}
		r.wantTick("noise", nil, nil)
	}
}

func TestInheritedCountIsNoWeight(t *testing.T) {
	r := newRankingClock(t, 1, 2)
	r.weigh(map[int]uint64{1: 101})
	r.wantTick("a free place", []int{1}, nil)
	r.weigh(map[int]uint64{2: 100})
	r.weigh(map[int]uint64{3: 30}) // Its count is 130, of which it has 30.
	r.wantTick("counted as 130 the first time", nil, nil)
	r.wantTick("counted as 130 the second time", nil, nil)
}

func TestWeightThatHalvedAwayIsNoReasonToAdmit(t *testing.T) {
	r := newRankingClock(t, 1, 100)
	r.weigh(map[int]uint64{1: 1, 2: 2})
	r.now = r.now.Add(halfLife)
	r.wantTick("one has half of 1, the other half of 2", []int{2}, nil)
	r.k = 2
	r.wantTick("a free place", nil, nil)
}

func TestSketchHalvesEveryQuarterOfAnHour(t *testing.T) {
	r := newRankingClock(t, 1, 100)
	r.weigh(map[int]uint64{1: 1000})
	for _, step := range []struct {
		after time.Duration
		want  uint64
	}{{14 * time.Minute, 1000}, {time.Minute, 500}, {30 * time.Minute, 125}, {14 * time.Minute, 125}, {time.Minute, 63}, {100_000 * time.Hour, 1}} {
		r.now = r.now.Add(step.after)
		r.tick(r.now)
		if e, _ := r.sketch.estimate(1); e.count != step.want {
			t.Errorf("at %s: got %d, want %d", r.now.Sub(start()), e.count, step.want)
		}
	}
}

func TestSavedRankingComesBack(t *testing.T) {
	r := newRankingClock(t, 2, 100)
	r.weigh(map[int]uint64{1: 100, 2: 200})
	r.wantTick("free places", []int{2, 1}, nil)
	r.weigh(map[int]uint64{3: 1000})
	r.wantTick("beaten once", nil, nil)
	restore := r.save()
	r.now = r.now.Add(halfLife)
	r.wantTick("beaten twice", []int{3}, []int{1})
	restore()
	if want := []int{2, 1}; !slices.Equal(r.order, want) {
		t.Errorf("after the restore: got members %v, want %v", r.order, want)
	}
	r.wantTick("beaten twice, again", []int{3}, []int{1})
	if e, _ := r.sketch.estimate(3); e.count != 500 {
		t.Errorf("got %d, want 1000 that halved once", e.count)
	}
}

// TestTimesMoveWithTheirKeys: when keys are dropped, those that stay move up.
func TestTimesMoveWithTheirKeys(t *testing.T) {
	r, want := newRankingClock(t, 1, 4), map[int]time.Duration{}
	for key, weight := range []uint64{1, 30, 2, 40, 50} {
		r.now = r.now.Add(time.Minute)
		r.weigh(map[int]uint64{key: weight})
		want[key] = r.now.Sub(start())
	}
	if len(r.sketch.entries) != 3 {
		t.Fatalf("%d keys are left, want 3", len(r.sketch.entries))
	}
	for at, e := range r.sketch.entries {
		if r.last[at] != want[e.key] {
			t.Errorf("key %d last had weight after %s, want %s", e.key, r.last[at], want[e.key])
		}
	}
}
