package metrics

import (
	"slices"
	"time"
)

// How a ranking changes its mind.
const (
	halfLife   = 15 * time.Minute // So that the sketch knows who is heavy now.
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
	beat    map[K]bool      // Candidates that beat a member at the last tick.
	halved  time.Time
	settled time.Time // No replacement before: a cold sketch knows nobody.
}

func newRanking[K comparable](k, capacity int, hash func(K) uint64, start time.Time) *ranking[K] {
	return &ranking[K]{k: k, sketch: newSketch[K](capacity, hash), member: map[K]time.Time{}, beat: map[K]bool{}, halved: start}
}

// restore sets the members after a restart. They keep their places for one half-life, because the sketch starts empty.
func (r *ranking[K]) restore(members []K, now time.Time) {
	r.member, r.order, r.beat = map[K]time.Time{}, slices.Clone(members), map[K]bool{}
	for _, key := range members {
		r.member[key] = now
	}
	if len(members) > 0 {
		r.settled = now.Add(halfLife)
	}
}

func (r *ranking[K]) merge(batch *sketch[K]) { r.sketch.merge(batch) }

// touch says that a member had weight.
func (r *ranking[K]) touch(key K, now time.Time) {
	if _, ok := r.member[key]; ok {
		r.member[key] = now
	}
}

func (r *ranking[K]) members() []K { return r.order }

func (r *ranking[K]) top(n int) []entry[K] { return r.sketch.top(n) }

// tick looks at the ranking again: idle members leave, free places are filled at once, and who beat a member twice takes its place.
func (r *ranking[K]) tick(now time.Time) (admitted, departed []K) {
	for now.Sub(r.halved) >= halfLife {
		r.sketch.halve()
		r.halved = r.halved.Add(halfLife)
	}
	departed = r.leaveIdle(now)
	candidates := r.candidates()
	for len(r.member) < r.k && len(candidates) > 0 {
		admitted = append(admitted, candidates[0].key)
		r.admit(candidates[0].key, now)
		candidates = candidates[1:]
	}
	in, out := r.challenge(candidates, now)
	return append(admitted, in...), append(departed, out...)
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

// candidates are the heaviest keys that are not members, as many as could ever be needed.
func (r *ranking[K]) candidates() []entry[K] {
	var out []entry[K]
	for _, e := range r.sketch.top(2 * r.k) {
		if _, ok := r.member[e.key]; !ok && e.count > e.err {
			out = append(out, e)
		}
	}
	return out
}

// challenge sets each candidate, heaviest first, against the weakest member that no heavier candidate has beaten.
func (r *ranking[K]) challenge(candidates []entry[K], now time.Time) (admitted, departed []K) {
	if now.Before(r.settled) {
		return nil, nil
	}
	beat, weakest := map[K]bool{}, r.weakestFirst()
	for i := 0; i < len(candidates) && i < len(weakest); i++ {
		challenger, defender := candidates[i], weakest[i]
		if float64(challenger.count) <= margin*float64(defender.count) {
			break
		}
		if !r.beat[challenger.key] {
			beat[challenger.key] = true
			continue
		}
		r.leave(defender.key)
		r.admit(challenger.key, now)
		admitted, departed = append(admitted, challenger.key), append(departed, defender.key)
	}
	r.beat = beat
	return admitted, departed
}

func (r *ranking[K]) weakestFirst() []entry[K] {
	var out []entry[K]
	for _, key := range r.order {
		e, _ := r.sketch.estimate(key)
		e.key = key
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b entry[K]) int {
		switch {
		case a.count < b.count:
			return -1
		case a.count > b.count:
			return 1
		}
		return 0
	})
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
