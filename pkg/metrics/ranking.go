package metrics

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// How a ranking changes its mind.
const (
	halfLife   = 15 * time.Minute // So that the sketch knows who is heavy now.
	maxHalving = 64               // After that many nothing is left to forget.
	memberIdle = 30 * time.Minute
	// A candidate must beat the weakest member by a quarter, in two ticks running: membership that flaps makes series that end.
	margin = 1.25
)

// ranking decides who is a member. It holds no counters.
type ranking[K comparable] struct {
	k       int
	sketch  *sketch[K]
	member  map[K]time.Time // When the member last had weight.
	order   []K             // The members, in the order of admission. Replaced, never written.
	beat    map[K]bool      // Candidates that beat a member at the last tick. Replaced, never written.
	start   time.Time
	last    []time.Duration // When the key of each entry of the sketch last had weight, since start.
	hungry  bool            // Nobody is a member, and somebody could be.
	halved  time.Time
	settled time.Time // No replacement before: a cold sketch knows nobody.
}

func newRanking[K comparable](k, capacity int, hash func(K) uint64, start time.Time) *ranking[K] {
	r := &ranking[K]{
		k: k, sketch: newSketch[K](capacity, 0, hash), member: map[K]time.Time{},
		start: start, last: make([]time.Duration, capacity), halved: start,
	}
	r.sketch.moved = func(to, from int) { r.last[to] = r.last[from] }
	return r
}

// restore sets the members after a restart. They keep their places for one half-life, because the sketch starts empty.
func (r *ranking[K]) restore(members []K, now time.Time) {
	r.order = slices.Clone(members)
	for _, key := range members {
		r.member[key] = now
	}
	if len(members) > 0 {
		r.settled = now.Add(halfLife)
	}
}

// save returns what takes later decisions back. What the sketch forgot meanwhile stays forgotten: that follows the clock, not the decisions.
func (r *ranking[K]) save() (restore func()) {
	saved := *r
	saved.member = maps.Clone(r.member)
	return func() {
		saved.halved = r.halved
		*r = saved
	}
}

// merge lets a batch nominate.
func (r *ranking[K]) merge(batch *sketch[K], now time.Time) {
	r.sketch.merge(batch, func(at int) {
		r.last[at] = now.Sub(r.start)
		r.hungry = len(r.order) == 0
	})
}

// touch says that a member had weight.
func (r *ranking[K]) touch(key K, now time.Time) {
	if _, ok := r.member[key]; ok {
		r.member[key] = now
	}
}

// tick looks at the ranking again: idle members leave, free places are filled at once, and who beat a member twice takes its place.
func (r *ranking[K]) tick(now time.Time) (admitted, departed []K) {
	r.decay(now)
	departed = r.leaveIdle(now)
	admitted, candidates := r.fill(now)
	in, out := r.challenge(candidates, now)
	return append(admitted, in...), append(departed, out...)
}

func (r *ranking[K]) decay(now time.Time) {
	n := int64(now.Sub(r.halved) / halfLife)
	if n <= 0 {
		return
	}
	r.halved = r.halved.Add(time.Duration(n) * halfLife)
	for range min(n, maxHalving) {
		r.sketch.halve()
	}
}

func (r *ranking[K]) leaveIdle(now time.Time) (departed []K) {
	for _, key := range r.order {
		if now.Sub(r.member[key]) >= memberIdle {
			departed = append(departed, key)
		}
	}
	for _, key := range departed {
		r.leave(key)
	}
	return departed
}

// fill gives free places to the heaviest candidates, and returns the other candidates.
func (r *ranking[K]) fill(now time.Time) (admitted []K, rest []entry[K]) {
	r.hungry = false
	rest = r.candidates(now)
	for len(r.order) < r.k && len(rest) > 0 {
		r.admit(rest[0].key, now)
		admitted, rest = append(admitted, rest[0].key), rest[1:]
	}
	return admitted, rest
}

// candidates are the heaviest keys that are not members, one for each place. The sketch remembers for hours who was heavy: a key without weight
// for as long as makes a member leave is no candidate, or those who left would come back at once.
func (r *ranking[K]) candidates(now time.Time) []entry[K] {
	idleSince := now.Sub(r.start) - memberIdle
	return heaviest(r.sketch.entries, r.k, func(i int) bool {
		e := &r.sketch.entries[i]
		_, member := r.member[e.key]
		return !member && r.last[i] > idleSince && e.certain() > 0
	})
}

// challenge sets the candidates, heaviest first, each against the weakest member that no other has beaten. What a candidate has for sure must
// beat what the member may have at most: in a stream without heavy keys everybody inherits about the same error, and that is no reason to
// change places.
func (r *ranking[K]) challenge(candidates []entry[K], now time.Time) (admitted, departed []K) {
	beat, defenders := map[K]bool{}, r.weakestFirst()
	for _, c := range candidates {
		if len(defenders) == 0 || now.Before(r.settled) {
			break
		}
		if float64(c.certain()) <= margin*float64(defenders[0].count) {
			continue
		}
		defender := defenders[0].key
		defenders = defenders[1:]
		if !r.beat[c.key] {
			beat[c.key] = true
			continue
		}
		r.leave(defender)
		r.admit(c.key, now)
		admitted, departed = append(admitted, c.key), append(departed, defender)
	}
	r.beat = beat
	return admitted, departed
}

// weakestFirst are the members with what each may have at most.
func (r *ranking[K]) weakestFirst() []entry[K] {
	out, floor := make([]entry[K], 0, len(r.order)), r.sketch.floor
	for _, key := range r.order {
		e, found := r.sketch.estimate(key)
		if !found {
			e = entry[K]{key: key, count: floor}
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b entry[K]) int { return cmp.Compare(a.count, b.count) })
	return out
}

func (r *ranking[K]) admit(key K, now time.Time) {
	r.member[key] = now
	r.order = append(slices.Clone(r.order), key)
}

func (r *ranking[K]) leave(key K) {
	delete(r.member, key)
	r.order = slices.DeleteFunc(slices.Clone(r.order), func(other K) bool { return other == key })
}
