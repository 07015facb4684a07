package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// race is several commands on the same data, run in turns: a machine that slows down slows all of them down, and ratios are taken inside of a round.
type race struct {
	data   dataset
	peers  []peer
	rounds []map[string]usage // By name of the peer.
}

// budget is how long to go on: as many rounds, and none that would end after the deadline. The first is always run.
type budget struct {
	rounds   int
	deadline time.Time
}

// share is a part of what is left, for one of several races.
func (b budget) share(of, parts int) budget {
	return budget{b.rounds, time.Now().Add(time.Until(b.deadline) * time.Duration(of) / time.Duration(parts))}
}

// over says that a round is done, and whether it was the last.
func (b budget) over(what string, n int, began time.Time) bool {
	took := time.Since(began)
	fmt.Fprintf(os.Stderr, "%s: round %d of %d took %s\n", what, n+1, b.rounds, took.Round(time.Second/10))
	return time.Now().Add(took).After(b.deadline)
}

// run warms the page cache with a run of the first peer, which does not count.
func (r *race) run(ctx context.Context, b budget) error {
	if _, err := r.peers[0].command.run(ctx); err != nil {
		return err
	}
	for n := range b.rounds {
		began := time.Now()
		round, err := r.round(ctx, n%2 == 1)
		if err != nil {
			return err
		}
		r.rounds = append(r.rounds, round)
		if b.over(r.data.name, n, began) {
			break
		}
	}
	return nil
}

// round runs everybody once, every other round in the opposite order: nobody always follows the same one.
func (r *race) round(ctx context.Context, backwards bool) (map[string]usage, error) {
	order := slices.Clone(r.peers)
	if backwards {
		slices.Reverse(order)
	}
	round := map[string]usage{}
	for _, p := range order {
		u, err := p.command.run(ctx)
		if err != nil {
			return nil, err
		}
		round[p.name] = u
	}
	return round, nil
}

// median of one quantity of a peer, over the rounds.
func (r *race) median(name string, of func(usage) float64) float64 {
	var all []float64
	for _, round := range r.rounds {
		all = append(all, of(round[name]))
	}
	return median(all)
}

// ratio is how much more of a quantity one peer took than another, as the median of the rounds. ok is false when one of them did not run.
func (r *race) ratio(name, to string, of func(usage) float64) (ratio float64, ok bool) {
	var all []float64
	for _, round := range r.rounds {
		a, first := round[name]
		b, second := round[to]
		if !first || !second || of(b) == 0 {
			return 0, false
		}
		all = append(all, of(a)/of(b))
	}
	return median(all), len(all) > 0
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	middle := len(all) / 2
	if len(all)%2 == 0 {
		return (all[middle-1] + all[middle]) / 2
	}
	return all[middle]
}
