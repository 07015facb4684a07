package main

import (
	"context"
	"fmt"
)

// Names in the race of one core against two.
const (
	oneCore  = "1 core"
	twoCores = "2 cores"
)

// analyze is flowd's analysis of a dataset.
func (t tools) analyze(d dataset, cores []int) command {
	return command{argv: append([]string{t.flowd, "analyze", "--output=json"}, d.files...), cores: cores, says: d.counts()}
}

// cores runs the same analysis on one core and on two. With fewer cores there is nothing to compare.
func (t tools) cores(ctx context.Context, d dataset, all []int, b budget) (*race, error) {
	if len(all) < 2 {
		t.missing["Two cores"] = fmt.Sprintf("this process may use %d", len(all))
		return nil, nil
	}
	r := &race{data: d, peers: []peer{{oneCore, t.analyze(d, all[len(all)-1:])}, {twoCores, t.analyze(d, all[len(all)-2:])}}}
	return r, r.run(ctx, b)
}

// memory is the peak of an analysis on every core that there is, for each of several sizes.
func (t tools) memory(ctx context.Context, sizes []dataset, all []int, b budget) ([]*race, error) {
	var races []*race
	for i, d := range sizes {
		r := &race{data: d, peers: []peer{{flowdAnalyze, t.analyze(d, all)}}}
		if err := r.run(ctx, b.share(1, len(sizes)-i)); err != nil {
			return nil, err
		}
		races = append(races, r)
	}
	return races, nil
}

// floor is the peak that the kernel tells of a process that does nothing: it takes the memory of whoever started it into account.
func floor(ctx context.Context, core int) (int64, error) {
	u, err := command{argv: []string{"true"}, cores: []int{core}}.run(ctx)
	return u.memory, err
}
